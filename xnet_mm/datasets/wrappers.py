"""Data sets inside of data sets."""

from typing import Any


def innermost(dataset: Any) -> list[Any]:
    """What ConcatDataset, RepeatDataset and their like hold, in order.

    A wrapper says what the first of its parts says; each part may differ.
    """
    if hasattr(dataset, 'datasets'):
        inner = dataset.datasets
    elif hasattr(dataset, 'dataset'):
        inner = [dataset.dataset]
    else:
        return [dataset]
    return [part for one in inner for part in innermost(one)]
