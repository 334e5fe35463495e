"""MMEngine's tools read checkpoints by our reader too.

`CheckpointLoader.register_scheme` is MMEngine's own extension point: Runner
and FlexibleRunner (`load_from`, `resume`), `init_model`, the inferencers and
`init_cfg=dict(type='Pretrained')` all ask it for a loader by the beginning
of the path. MMEngine's loaders run whatever a pickle holds (OneDL's after a
refusal, those of URLs at once).
"""

import os.path as osp
import tempfile
from pathlib import Path

from mmengine.fileio import get_file_backend
from mmengine.runner import checkpoint as theirs
from mmengine.runner.checkpoint import CheckpointLoader

from .checkpoint import MapLocation, load_checkpoint_file
from .download import cached_download


def load_from_local(filename: str, map_location: MapLocation = None) -> dict:
    """A path. An empty one comes from an empty `last_checkpoint`."""
    if not filename:
        raise ValueError(
            'The path of the checkpoint is empty: `last_checkpoint` in the '
            'work dir says nothing, it was cut short. Write the path of the '
            'checkpoint to resume into it, or delete it to start afresh.'
        )
    return load_checkpoint_file(filename, map_location)


def load_from_http(filename: str, map_location: MapLocation = None) -> dict:
    """A URL, downloaded once."""
    path = cached_download(filename)
    return load_checkpoint_file(path, map_location, filename)


def load_from_backend(filename: str, map_location: MapLocation = None) -> dict:
    """s3:// and petrel://, through MMEngine's file backend."""
    data = get_file_backend(filename, backend_args=dict(backend='petrel')).get(
        filename
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f'checkpoint{Path(filename).suffix}'
        path.write_bytes(data)
        return load_checkpoint_file(path, map_location, filename)


def load_from_torchvision(
    filename: str, map_location: MapLocation = None
) -> dict:
    """torchvision://NAME, by the table of URLs that MMEngine has."""
    return load_from_http(
        _known(filename, theirs.get_torchvision_models()), map_location
    )


def load_from_openmmlab(
    filename: str, map_location: MapLocation = None
) -> dict:
    """open-mmlab://NAME, by the table of MMEngine."""
    urls = theirs.get_external_models()
    new_names = theirs.get_deprecated_model_names()
    scheme, name = filename.split('://', 1)
    url = _known(f'{scheme}://{new_names.get(name, name)}', urls)
    if url.startswith(('http://', 'https://')):
        return load_from_http(url, map_location)
    home = theirs._get_mmengine_home()
    return load_checkpoint_file(osp.join(home, url), map_location, filename)


def load_from_mmcls(filename: str, map_location: MapLocation = None) -> dict:
    """mmcls://NAME: the backbone of a classifier."""
    content = load_from_http(
        _known(filename, theirs.get_mmcls_models()), map_location
    )
    start = 'backbone.'
    state = content.get('state_dict', content)
    return dict(
        state_dict={
            key.removeprefix(start): value
            for key, value in state.items()
            if key.startswith(start)
        }
    )


def load_from_pavi(filename: str, map_location: MapLocation = None) -> dict:
    """pavi://, a service that was closed."""
    raise ValueError(
        f'{filename}: pavi:// is not read. Download the file and give its '
        'path.'
    )


def _known(filename: str, urls: dict[str, str]) -> str:
    name = filename.split('://', 1)[1]
    if name not in urls:
        raise ValueError(
            f'{filename}: MMEngine knows no such model. Give the path or the '
            'URL of a file.'
        )
    return urls[name]


LOADERS = {
    ('',): load_from_local,
    ('http://', 'https://'): load_from_http,
    (r'(\S+\:)?s3://', r'(\S+\:)?petrel://'): load_from_backend,
    ('modelzoo://', 'torchvision://'): load_from_torchvision,
    ('open-mmlab://', 'openmmlab://'): load_from_openmmlab,
    ('mmcls://',): load_from_mmcls,
    ('pavi://',): load_from_pavi,
}


def install_checkpoint_reader() -> None:
    """Put our loaders in the place of MMEngine's, for this process."""
    for prefixes, loader in LOADERS.items():
        CheckpointLoader.register_scheme(
            list(prefixes), loader=loader, force=True
        )
