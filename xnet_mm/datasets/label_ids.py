"""From the ids of a model back to those of the user's own label maps."""

from collections.abc import Mapping
from typing import Any

import numpy as np

IGNORED = 255  # what padding, losses and metrics ignore by default
MOST_CLASSES = 255  # 0..254, in 8 bits


def file_ids(meta: Mapping[str, Any]) -> np.ndarray:
    """The id in the files of each class of a data set.

    mmseg loads other ids than the files hold where `reduce_zero_label` is
    set (one less) and where the classes are a choice among those of the data
    set (`label_map`, from old to new). A prediction is written by
    `file_ids(meta)[prediction]`. Where several old ids became one class it
    is the lowest of them.

    Args:
        meta: `metainfo` of a data set or `dataset_meta` of a checkpoint;
            `classes` has to be there.

    Returns:
        (K,) of uint8, or of uint16 where an id is above 255.
    """
    ids = np.arange(len(meta['classes']))
    label_map = meta.get('label_map') or {}
    for old, new in sorted(label_map.items(), reverse=True):
        if 0 <= new < len(ids):
            ids[new] = old
    ids += bool(meta.get('reduce_zero_label'))
    return ids.astype(np.uint8 if ids.max(initial=0) <= 255 else np.uint16)


def loaded_ids(
    ids: np.ndarray,
    reduce_zero_label: bool = False,
    label_map: Mapping[int, int] | None = None,
) -> np.ndarray:
    """The ids that mmseg makes of those in a file, in any width.

    Args:
        ids: integers of any shape, as the file has them.
        reduce_zero_label: 0 becomes 255 (ignored), the others one less.
        label_map: from an id after that to a new one.

    Returns:
        The new ids, int64, of the same shape.
    """
    ids = ids.astype(np.int64)
    if reduce_zero_label:
        ignored = (ids == 0) | (ids == IGNORED)
        ids = np.where(ignored, IGNORED, ids - 1)
    new = ids.copy()
    for old, value in (label_map or {}).items():
        new[ids == old] = value
    return new


def describe_too_many(num_classes: int, reduce_zero_label: bool) -> str:
    """Why so many classes cannot be trained; '' where they can."""
    most = MOST_CLASSES - bool(reduce_zero_label)
    if num_classes <= most:
        return ''
    return (
        f'{num_classes} classes, but label maps are loaded in 8 bits, where '
        f'{IGNORED} is ignored: at most {most} fit (ids '
        f'{int(reduce_zero_label)}..254). Merge or leave out classes and '
        'number the ids in the files anew'
    )
