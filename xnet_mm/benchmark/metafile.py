"""Metafiles in OpenMMLab's form: what each config is and what it costs."""

import re
from fnmatch import fnmatch
from pathlib import Path

import yaml
from mmengine.config import Config, ConfigDict
from rich.progress import track

from ..fileio.atomic import write_atomically
from .complexity import count_config

HEADER = '# Written by tools/config_table.py --count; Results by hand.\n'
# MMSegInferencer wants the entry, and says that this cannot be found.
NO_WEIGHTS = 'none are published: pass weights=CHECKPOINT'


def update_metafiles(
    configs: Path, leaves: list[str], pattern: str, names: dict
) -> None:
    """Describe and count configs; write each metafile as it is done.

    Entries of configs that are gone go, those that do not match stay, and
    what was written by hand (`Weights`, `Results`) stays in any case.

    Args:
        configs: the folder of all configs.
        leaves: the configs that are there, as paths below it.
        pattern: which of them to count, * is any text.
        names: paper_tables.yml.

    Raises:
        SystemExit: no config matches.
    """
    chosen = [leaf for leaf in leaves if fnmatch(leaf, pattern)]
    if not chosen:
        raise SystemExit(
            f'--count {pattern}: no config in {configs} matches; wanted a '
            f'pattern such as {leaves[0]!r} or {Path(leaves[0]).parts[0]}/*'
        )
    for leaf in track(chosen, 'Counting'):
        path = configs / Path(leaf).parts[0] / 'metafile.yml'
        old = yaml.safe_load(path.read_text()) if path.is_file() else {}
        models = {
            model['Config'].removeprefix('configs/'): model
            for model in old.get('Models', [])
        }
        by_hand = {
            key: value
            for key, value in models.get(leaf, {}).items()
            if key in ('Weights', 'Results') and value
        }
        models[leaf] = {**describe(configs, leaf, names), **by_hand}
        write_metafile(path, [models[c] for c in leaves if c in models])


def write_metafile(path: Path, models: list[dict]) -> None:
    """Write the entries in their order."""
    text = yaml.safe_dump(
        dict(Models=models), sort_keys=False, allow_unicode=True, width=79
    )
    write_atomically(path, (HEADER + text).encode())


def describe(configs: Path, leaf: str, names: dict) -> dict:
    """The entry of one config, but for what is written by hand.

    Args:
        configs: the folder of all configs.
        leaf: a path below it.
        names: paper_tables.yml.

    Raises:
        ValueError: the config's name does not say its data.
    """
    cfg = Config.fromfile(configs / leaf)
    collection, architecture, pretraining = describe_model(cfg.model, names)
    # The name says the data: test_every_config.py holds it to that.
    data = re.search(r'-\d+k?_([a-z0-9-]+)-\d+x\d+', leaf)
    if data is None:
        raise ValueError(
            f'{leaf}: wanted a name that ends in the iterations, the data '
            'and the size, such as ..._8xb2-160k_ade20k-512x512.py'
        )
    height, width = cfg.model.data_preprocessor.size
    # Text and numbers, and lists of text: MIM prints nothing else.
    metadata = {
        'Training Data': names['data'][data[1]],
        'Batch Size': cfg.auto_scale_lr.base_batch_size,
        # MMEngine counts batches; what compares is the optimizer's steps.
        'Iterations': cfg.train_cfg.max_iters
        // cfg.optim_wrapper.get('accumulative_counts', 1),
        'Crop Size': f'{height}x{width}',
        'Architecture': architecture,
        'Pre-training': pretraining,
    }
    try:
        parameters, macs = count_config(cfg)
    except ImportError as error:
        print(f'{leaf}: not counted. {error}')
    else:
        metadata['Parameters (M)'] = round(parameters / 1e6, 2)
        metadata['GMACs'] = round(macs / 1e9, 2)
    return {
        'Name': Path(leaf).stem,
        'In Collection': collection,
        'Config': f'configs/{leaf}',
        'Weights': NO_WEIGHTS,
        'Metadata': metadata,
    }


def describe_model(
    model: ConfigDict, names: dict
) -> tuple[str, list[str], list[str]]:
    """Collection, [encoder, decoder], and the pre-training of the two.

    Raises:
        KeyError: paper_tables.yml has no name for a part.
    """
    backbone, neck = model.backbone, model.get('neck') or ConfigDict()
    if 'encoder' in backbone:
        name, weights = backbone.encoder, backbone.get('weights')
    else:  # OpenMMLab's own
        weights = backbone.init_cfg.checkpoint
        name = Path(weights).stem
    encoder, of_encoder = name_part(name, weights, names)
    if 'decoder' not in neck:
        head = names['heads'][model.decode_head.type]
        return head, [encoder, head], [of_encoder, '0']
    decoder, of_decoder = name_part(neck.decoder, neck.get('weights'), names)
    return 'xNet', [encoder, decoder], [of_encoder, of_decoder]


def name_part(model: str, weights: str | None, names: dict) -> tuple[str, str]:
    """The tables' word for a model, and for what its weights come from."""
    if model not in names['models']:
        raise KeyError(
            f'{model} has no name: add it to `models` of '
            'configs/paper_tables.yml, as [name, pre-training]'
        )
    name, pretraining = names['models'][model]
    if weights is None:
        return name, '0'
    return name, names['weights'].get(weights, pretraining)
