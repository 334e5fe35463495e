"""Which ids of label maps are which classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmseg.registry import DATASETS

from ..datasets.label_ids import IGNORED, describe_too_many, loaded_ids
from ..fileio.config_file import load_config_file
from ..fileio.text import read_lines
from ..registry import DATASETS as OUR_DATASETS

CONFIGS = ('.py', '.yml', '.yaml', '.json')
SHOWN = 5


@dataclass(frozen=True)
class LabelSpace:
    """The classes of label maps, and how their files number them.

    Attributes:
        classes: Names, in order.
        source: Where these come from, for messages.
        ignore_index: Id in files of true pixels that do not count.
        reduce_zero_label: Ids of files begin at 1, and 0 does not count.
        label_map: From an id after that to a class, 255 for none; None
            where they are the same.
    """

    classes: tuple[str, ...]
    source: str
    ignore_index: int = IGNORED
    reduce_zero_label: bool = False
    label_map: Mapping[int, int] | None = None

    def to_classes(self, ids: np.ndarray, path: str) -> np.ndarray:
        """From the ids of a file to classes; 255 where nothing counts.

        Args:
            ids: (H, W) integers.
            path: Of the file, for the error.

        Returns:
            (H, W) uint8.

        Raises:
            ValueError: an id that is neither a class nor ignored.
        """
        found, place = np.unique(ids, return_inverse=True)
        loaded = loaded_ids(found, self.reduce_zero_label, self.label_map)
        loaded[found == self.ignore_index] = IGNORED
        known = (loaded >= 0) & (loaded < len(self.classes))
        known |= found == self.ignore_index
        if self.reduce_zero_label:
            known |= found == 0
        if self.label_map:
            mapped = [*self.label_map]
            known |= np.isin(found - int(self.reduce_zero_label), mapped)
        wrong = found[~known].tolist()
        if wrong:
            raise ValueError(f'{path}: {self._describe_wrong(wrong)}')
        return loaded.astype(np.uint8)[place].reshape(ids.shape)

    def describe(self) -> str:
        """Which ids are classes, in words."""
        first = int(self.reduce_zero_label)
        count = len(self.label_map or self.classes)
        ignored = {self.ignore_index} | ({0} if first else set())
        return (
            f'{len(self.classes)} classes of {self.source}: ids {first}..'
            f'{count - 1 + first}, ignored: '
            f'{" and ".join(map(str, sorted(ignored)))}'
        )

    def _describe_wrong(self, wrong: Sequence[int]) -> str:
        ids = ', '.join(map(str, wrong[:SHOWN])) + ', ...' * (
            len(wrong) > SHOWN
        )
        text = f'holds id {ids}, but there are {self.describe()}. '
        if not self.reduce_zero_label and wrong == [len(self.classes)]:
            text += (
                'If the ids begin at 1 and 0 means "unlabelled", give '
                '--reduce-zero-label. '
            )
        return text + (
            'Name every class in --classes'
            + f', or give --ignore-index {wrong[0]}, if it marks pixels '
            'without truth' * (len(wrong) == 1)
        )


def find_label_space(
    name: str, ignore_index: int | None, reduce_zero_label: bool
) -> LabelSpace:
    """The classes of a text file, of a config, or of a data set.

    Args:
        name: A text file with a name a line; a config, whose test data say
            it; or a registered data set (`ADE20KDataset`, or `ade20k`).
        ignore_index: Of the files; None: as the data set says, else 255.
        reduce_zero_label: Whether ids begin at 1; a data set that has it so
            needs no word of it.

    Raises:
        FileNotFoundError or ValueError: nothing of that name, no class or
            too many, or a data set without classes.
    """
    path = Path(name)
    if path.suffix.lower() in CONFIGS:
        space = _of_config(path)
    elif path.is_file():
        space = LabelSpace(tuple(read_lines(path)), name)
    else:
        space = _of_dataset(dict(type=_registered(name)), name)
    if not space.classes:
        raise ValueError(f'{name}: no class; wanted a name a line')
    if len({*space.classes}) < len(space.classes):
        twice = [c for c in space.classes if space.classes.count(c) > 1]
        raise ValueError(f'{name}: the class {twice[0]!r} comes twice')
    reduce_zero_label |= space.reduce_zero_label
    problem = describe_too_many(len(space.classes), reduce_zero_label)
    if problem:
        raise ValueError(f'{name}: {problem}')
    ignored = space.ignore_index if ignore_index is None else ignore_index
    first = int(reduce_zero_label)
    if first <= ignored < len(space.label_map or space.classes) + first:
        raise ValueError(
            f'--ignore-index {ignored} is a class of {space.source} '
            f'(ids {first}..{len(space.classes) - 1 + first}); take an id '
            'that is none'
        )
    return LabelSpace(
        space.classes,
        space.source,
        ignored,
        reduce_zero_label,
        space.label_map,
    )


def _of_config(path: Path) -> LabelSpace:
    cfg = load_config_file(path)
    loader = cfg.get('test_dataloader') or {}
    settings = loader.get('dataset')
    if not settings:
        raise ValueError(
            f'{path}: the config has no test_dataloader.dataset, which '
            'would say the classes'
        )
    return _of_dataset(dict(settings), str(path))


def _registered(name: str) -> str:
    """The registered data set of a name, in any case, `Dataset` left out."""
    ours = [f'xnet_mm.{each}' for each in OUR_DATASETS.module_dict]
    names = [*ours, *DATASETS.module_dict]
    for each in names:
        last = each.rpartition('.')[2].lower()
        if name.lower() in (each.lower(), last, last.removesuffix('dataset')):
            return each
    raise ValueError(
        f'--classes {name}: no such file, and no data set of that name; '
        'wanted a text file with a name a line, a config, or a data set as '
        'cityscapes or ADE20KDataset'
    )


def _of_dataset(settings: dict[str, Any], source: str) -> LabelSpace:
    """What a data set says of its classes; no file of it is looked for."""
    kind = DATASETS.get(settings['type'])
    if not hasattr(kind, 'get_label_map'):
        raise ValueError(
            f'{source}: {settings["type"]} has no label maps; wanted a data '
            'set of MMSegmentation or one of this package for classes'
        )
    dataset = DATASETS.build(dict(settings, lazy_init=True, pipeline=[]))
    meta = dataset.metainfo
    return LabelSpace(
        tuple(meta.get('classes') or ()),
        source,
        dataset.ignore_index,
        bool(meta.get('reduce_zero_label')),
        meta.get('label_map'),
    )
