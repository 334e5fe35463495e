"""Pictures to try a model with: a few of the data that it was validated on."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmseg.datasets import BaseSegDataset

from ..datasets import DepthDataset

MOST = 6
# What lists a split. A run's folder may be a stranger's: none of the others
# is handed on, of which some open files or addresses.
SETTINGS = ('data_root', 'data_prefix', 'ann_file', 'img_suffix')
KINDS = (BaseSegDataset, DepthDataset)  # they read no more than lists


def find_examples(cfg: Mapping[str, Any]) -> list[Path]:
    """A few pictures of the validation data, spread over the split.

    Args:
        cfg: of the model; one that `save_pretrained` wrote names no data.

    Returns:
        Pictures that are there; [] where the data are not, or are of a kind
        that is not known here.
    """
    settings = cfg.get('val_dataloader') or cfg.get('test_dataloader') or {}
    settings = settings.get('dataset') or {}
    while settings.get('dataset') or settings.get('datasets'):
        settings = settings.get('dataset') or settings['datasets'][0]
    try:
        paths = _list_images(settings)
    except Exception:  # of a split that is not there, or not what it was
        return []
    found = [path for path in paths if path.is_file()]
    wanted = np.linspace(0, len(found) - 1, min(MOST, len(found)))
    return [found[i] for i in wanted.round().astype(int)]


def _list_images(settings: Mapping[str, Any]) -> list[Path]:
    kind = _class_of(settings)
    kept = {key: settings[key] for key in SETTINGS if key in settings}
    if kind is None or '://' in repr(kept):  # MMEngine would fetch it
        return []
    takes = inspect.signature(kind.__init__).parameters
    if 'check' in takes:
        kept['check'] = False
    dataset = kind(**kept, pipeline=[], test_mode=True, lazy_init=True)
    return [Path(item['img_path']) for item in dataset.load_data_list()]


def _class_of(settings: Mapping[str, Any]) -> type[BaseDataset] | None:
    from mmseg.registry import DATASETS

    kind = settings.get('type')
    if isinstance(kind, str):
        kind = DATASETS.get(kind)
    is_known = isinstance(kind, type) and issubclass(kind, KINDS)
    return kind if is_known else None
