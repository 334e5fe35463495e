"""`xnet_mm.load`: a trained model in one call, from wherever it lies."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import print_log

from ..arguments import device as usable_device
from ..fileio.config_file import load_config_file
from .hub import download, is_hub_name
from .model import Model
from .predictor import Predictor
from .run_folder import (
    build_config,
    find_run,
    read_figures,
    read_run_checkpoint,
    read_run_config,
)
from .saved_config import as_checkpoint, as_config
from .saved_folder import (
    CONFIG,
    WEIGHTS,
    check_tensors,
    is_saved,
    no_larger_than,
    read_folder,
)


def load(
    source: str | Path,
    checkpoint: str | Path | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    tile: int | None = None,
) -> Model:
    """A trained model that is called with images.

    Nothing but these files is needed: pre-trained weights that a config
    names are not looked for.

    Args:
        source: the folder of a training (its config, read as data, and its
            best checkpoint, or without one its last: the log says which); a
            folder that `save_pretrained` wrote, which may be anybody's, for
            nothing in it is run; OWNER/NAME of such a one on the Hugging
            Face hub; or, with `checkpoint`, a config. A `.py` config that is
            named so is run.
        checkpoint: file that training wrote, where `source` is a config.
        device: 'cuda', 'cuda:1', 'cpu', ...; by default cuda if it is there.
        dtype: torch.bfloat16 or torch.float16 to predict in half precision.
            By default float32, which gives what tools/predict.py gives, bit
            for bit.
        tile: side of a tile in pixels, 512 say: images of any size, at their
            own scale, see `TiledPrediction`.

    Raises:
        FileNotFoundError: nothing of the kind is there.
        ValueError: config and weights do not belong together, a file is
            damaged, or it says more than a stranger's file may.
    """
    place = _device(device)
    dtype = dtype or torch.float32
    path = Path(source).expanduser()
    if checkpoint is not None:
        cfg = load_config_file(path)
        file = Path(checkpoint).expanduser()
        predictor = Predictor(cfg, str(file), place)
        return Model(predictor, cfg, read_figures(file), dtype, tile)
    if path.is_dir():
        if is_saved(path):
            return _load_saved(path, None, place, dtype, tile)
        return _load_run(path, place, dtype, tile)
    if path.exists():
        raise ValueError(
            f'{path} is a file, wanted a folder, or a config and its '
            'checkpoint: load(CONFIG, CHECKPOINT)'
        )
    if not is_hub_name(str(source)):
        raise FileNotFoundError(
            f'{source}: no such folder (looked in {Path.cwd()}). Give the '
            "folder of a run or of save_pretrained, or the hub's OWNER/NAME"
        )
    folder, root = download(str(source))
    return _load_saved(folder, root, place, dtype, tile)


def _load_run(
    folder: Path, device: str, dtype: torch.dtype, tile: int | None
) -> Model:
    run = find_run(folder)
    values = read_run_config(run.config)
    cfg = build_config(run.config, values)
    print_log(
        f'{run.checkpoint} is taken, {run.which}, with {run.config.name}',
        logger='current',
    )
    content = read_run_checkpoint(run.checkpoint)
    predictor = Predictor(cfg, str(run.checkpoint), device, content)
    figures = read_figures(run.checkpoint)
    return Model(predictor, Config(values), figures, dtype, tile)


def _load_saved(
    folder: Path,
    root: Path | None,
    device: str,
    dtype: torch.dtype,
    tile: int | None,
) -> Model:
    config, state = read_folder(folder, root)
    cfg = as_config(config)
    weights = str(folder / WEIGHTS)
    with no_larger_than(state, folder):
        content = as_checkpoint(config, state)
        predictor = Predictor(cfg, weights, device, content)
    check_tensors(predictor.model, state, weights)
    _compare(config, predictor, folder)
    if config.get('protocol'):
        cfg.test_evaluator = dict(
            type='xnet_mm.DepthProtocolMetric', protocol=config['protocol']
        )
    return Model(predictor, cfg, {}, dtype, tile)


def _compare(
    config: dict[str, Any], predictor: Predictor, folder: Path
) -> None:
    """What `config.json` says of its model beside the model itself.

    Raises:
        ValueError: another number of classes.
    """
    classes = config.get('classes')
    count = getattr(predictor.model, 'num_classes', None)
    if classes is not None and len(classes) != count:
        raise ValueError(
            f'{folder / CONFIG}: {len(classes)} classes, and the head has '
            f'num_classes={count}. Get the folder again from its source.'
        )


def _device(wanted: str | torch.device | None) -> str:
    if wanted is None:
        return 'cuda' if torch.cuda.is_available() else 'cpu'
    try:
        return usable_device(str(wanted))
    except ArgumentTypeError as error:
        raise ValueError(f'device={error}') from None
