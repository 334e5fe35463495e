"""`config.json` of a shared model: made of a config, and read as data.

What is written has registered names in one spelling, whichever OpenMMLab
distribution is installed, and holds nothing of the training. What is read is
held to `allowed.py` before anything is built of it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.label_ids import file_ids
from ..fileio.text import read_bytes
from ..stack import NAMES, installed
from ..version import __version__
from ..visualization.panels import colours_as_bytes
from . import allowed
from .pipeline import image_steps, without_truth
from .protocol import protocol_of
from .saved_checks import FORMAT, check_model, check_pipeline, check_saved

LARGEST_FILE = 10_000_000  # bytes
HELP = (
    'Nothing was built. A shared folder may hold only what '
    'xnet_mm/prediction/allowed.py lists; ask its author to write it by '
    'save_pretrained.'
)


def plain_config(cfg: Config) -> dict[str, Any]:
    """`model` and `test_pipeline` of a config, as `config.json` has them.

    Raises:
        ValueError: a class or option that a shared model may not have.
    """
    from mmseg.registry import MODELS

    scope = cfg.get('default_scope') or 'mmseg'
    model = dict(cfg.model)
    if not model.get('data_preprocessor') and cfg.get('data_preprocessor'):
        model['data_preprocessor'] = cfg.data_preprocessor
    # Before any class is looked up: what wraps the pipeline names some too.
    check_scopes([cfg.get('test_dataloader'), cfg.get('test_pipeline')], scope)
    model = _plain(model, MODELS, allowed.MODELS, scope)
    check_model(model)
    steps = plain_steps(without_truth(image_steps(cfg)), scope)
    return dict(model=model, test_pipeline=steps)


def check_scopes(value: Any, scope: str) -> None:
    """Refuse scopes whose package MMEngine would import to look for a class.

    Args:
        value: of a config, with all that is in it.
        scope: the config's own.

    Raises:
        ValueError: one that is not of OpenMMLab or ours.
    """
    if isinstance(value, Mapping):
        scope = value.get('_scope_') or scope
        value = [*value.values()]
    if scope not in allowed.SCOPES:
        raise ValueError(f'scope {scope!r:.60}, wanted one of OpenMMLab')
    for child in value if isinstance(value, list | tuple) else ():
        check_scopes(child, scope)


def plain_steps(steps: Sequence[Any], scope: str) -> list[dict[str, Any]]:
    """The transforms of a test without truth, as `config.json` has them.

    Args:
        steps: their configs, the loader of the image first.
        scope: where names without a scope are looked up.

    Raises:
        ValueError: a class or option that a shared model may not have.
    """
    from mmseg.registry import TRANSFORMS

    found = _plain([*steps], TRANSFORMS, allowed.TRANSFORMS, scope)
    check_pipeline(found)
    return found


def describe(
    cfg: Config,
    meta: Mapping[str, Any],
    channels: int,
    classes: Sequence[str],
    max_depth: float | None,
) -> dict[str, Any]:
    """What `config.json` holds of a model.

    Args:
        cfg: That it was built of.
        meta: `dataset_meta` of its checkpoint.
        channels: Of its images.
        classes: Their names; none without.
        max_depth: Of its depth, metres; None without.

    Raises:
        ValueError: a class or option that a shared model may not have.
    """
    try:
        plain = plain_config(cfg)
    except ValueError as error:
        raise ValueError(
            f'this model cannot be saved for others: {error}. Share its '
            'config and checkpoint, for load(CONFIG, CHECKPOINT)'
        ) from None
    config = dict(format=FORMAT, **plain, channels=channels)
    if classes:
        config['classes'] = [*classes]
        config['ids'] = file_ids(meta).tolist()
        if meta.get('palette'):
            config['palette'] = colours_as_bytes(meta['palette']).tolist()
    if max_depth is not None:
        config['max_depth'] = max_depth
        protocol = protocol_of(cfg)
        if protocol:
            config['protocol'] = protocol
    config['versions'] = _versions()
    check_saved(config)
    return config


def _versions() -> dict[str, str]:
    """Of what the predictions depend on."""
    found = dict(xnet_mm=__version__)
    for module, names in NAMES.items():
        for text in installed(names).values():
            found[module] = text
    return found | installed(('torch', 'timm'))


def read_saved(path: Path) -> dict[str, Any]:
    """Read a `config.json`; nothing is built or imported.

    Raises:
        ValueError: damaged, or it says more than a shared model may.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f'{path}: more than {LARGEST_FILE} bytes. {HELP}')
    try:
        text = read_bytes(path).decode('utf-8')
        config = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{path} is damaged, wanted JSON ({str(error)[:120]}). Get the '
            'folder again from its source.'
        ) from None
    try:
        check_saved(config)
    except ValueError as error:
        raise ValueError(f'{path}: {error}. {HELP}') from None
    return config


def as_config(config: dict[str, Any]) -> Config:
    """What `config.json` says, as MMEngine's config of a model."""
    steps = as_steps(config['test_pipeline'])
    return Config(
        dict(default_scope='mmseg', model=config['model'], test_pipeline=steps)
    )


def as_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `plain_steps` gives, as transforms take it."""
    return [{k: _as_tuple(v) for k, v in step.items()} for step in steps]


def as_checkpoint(config: dict[str, Any], state: dict) -> dict[str, Any]:
    """What `config.json` and the tensors say, as a checkpoint has it."""
    meta: dict[str, Any] = {}
    if config.get('max_depth') is not None:
        meta['max_depth'] = config['max_depth']
    classes = config.get('classes')
    if classes is not None:
        meta['classes'] = tuple(classes)
        ids = config.get('ids')
        if ids is not None and ids != [*range(len(classes))]:
            meta['label_map'] = {old: new for new, old in enumerate(ids)}
        if config.get('palette') is not None:
            meta['palette'] = config['palette']
    return dict(state_dict=state, meta=dict(dataset_meta=meta))


def _as_tuple(value: Any) -> Any:
    """Transforms of mmcv take a size for one if it is a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _no_number(text: str) -> float:
    raise ValueError(f'{text} is no number')


def _plain(value: Any, registry: Any, table: Mapping, scope: str) -> Any:
    """Without what only a training needs, each `type` by its one name."""
    if isinstance(value, Mapping):
        scope = value.get('_scope_') or scope
        check_scopes((), scope)
        out: dict[str, Any] = {}
        if 'type' in value:
            out['type'] = _name_of(value['type'], registry, table, scope)
        for key, child in value.items():
            if key not in ('type', '_scope_') and key not in allowed.LEFT_OUT:
                out[str(key)] = _plain(child, registry, table, scope)
        return out
    if isinstance(value, list | tuple):
        return [_plain(child, registry, table, scope) for child in value]
    return value.item() if hasattr(value, 'item') else value


def _name_of(kind: Any, registry: Any, table: Mapping, scope: str) -> Any:
    """How `table` calls a class, which a config names or is."""
    is_full = isinstance(kind, str) and '.' in kind and kind in table
    if is_full or kind == allowed.TIMM_TYPE:
        return kind
    cls = _find(kind, registry, scope) if isinstance(kind, str) else kind
    if not isinstance(cls, type):
        return kind
    package = cls.__module__.split('.')[0]
    for name in table:
        # `xnet_mm` and no others: importing MMDetection takes care.
        if '.' in name and name.split('.')[0] != package:
            continue
        if _find(name, registry, 'mmseg') is cls:
            return name
    return kind if isinstance(kind, str) else cls.__name__


def _find(name: str, registry: Any, scope: str) -> Any:
    with registry.switch_scope_and_registry(scope) as inner:
        return inner.get(name)
