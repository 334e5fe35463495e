"""A user's own folder of images and label maps, checked before training."""

import logging
from collections.abc import Callable, Mapping, Sequence
from os import path as osp
from typing import Any

from mmengine.dist import get_dist_info
from mmengine.fileio import exists
from mmengine.logging import print_log
from mmseg.datasets import BaseSegDataset

from ..fileio.folders import list_names
from ..fileio.text import read_lines
from ..registry import DATASETS
from .folders import (
    SHIPPED,
    check_folders,
    describe_no_images,
    describe_spare,
    spare_files,
    split_name,
)
from .label_cache import LabelCache, cache_path
from .label_check import check_pairs, raise_problems
from .label_ids import IGNORED, describe_too_many
from .transforms.labels import with_load_labels

HINT = (
    'Set data_root and data_prefix=dict(img_path=..., seg_map_path=...); '
    f'{SHIPPED}'
)


@DATASETS.register_module()
class FolderSegDataset(BaseSegDataset):
    """Images and label maps of the same names in two folders.

    Split by folder (`images/train`, `labels/train`) or by a text file
    (`ann_file`, one name a line, without folder and suffix). A label map is
    a one-channel PNG of class ids, at most 255; pixels of the id
    `ignore_index` do not count, and are 255 when they are loaded: that is
    what padding, losses and metrics ignore, and they need no word of it.
    Without a palette one is made up. In a config::

        dataset = dict(
            type='xnet_mm.FolderSegDataset',
            data_root='data/mine',
            data_prefix=dict(
                img_path='images/train', seg_map_path='labels/train'
            ),
            metainfo=dict(classes=('road', 'grass', 'other')),
        )

    Every file is looked at when the data set is built, so a mistake is an
    error with the file's name and not a crash in the middle of a run; from
    the second time on only at files that changed, see `LabelCache`. With
    `test_mode=True` labels may be missing. Where the pipeline has mmseg's
    `LoadAnnotations`, `LoadLabels` takes its place: ids that have no class
    are refused when they are read, too.

    Args:
        check: look at every file; False skips it (a large data set that has
            passed before, or one that is not on a local disk). Each of
            several processes looks at its own share.
        pipeline: transforms, see mmseg.
        **kwargs: those of mmseg's `BaseSegDataset`.

    Raises:
        ValueError: no class names or too many, an empty split, a missing
            image or label, a label map that is unreadable, has several
            channels, another size than its image or an id without a class,
            or label maps of which nothing can be learnt.
    """

    def __init__(
        self,
        *,
        check: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        **kwargs: Any,
    ) -> None:
        self.check = check
        super().__init__(pipeline=with_load_labels(pipeline), **kwargs)
        # One of MMSegmentation's two browse_dataset.py reads the class's.
        self.METAINFO = self.metainfo

    def load_data_list(self) -> list[dict]:
        """List the split as mmseg does, and check it."""
        if not isinstance(self.ignore_index, int):
            raise ValueError(
                f'{split_name(self)}: ignore_index={self.ignore_index!r}, '
                'wanted the id in the label maps of pixels that do not count'
            )
        if self.check:
            self._check_settings()
        # A choice among METAINFO's classes leaves the files as they are.
        num_classes = len(self.label_map or self.metainfo.get('classes') or ())
        if problem := describe_too_many(num_classes, self.reduce_zero_label):
            raise ValueError(f'{split_name(self)}: {problem}')
        data_list = self._list_samples()
        for item in data_list:
            item['label_map'] = self._label_map_of_files()
            if num_classes:
                item['num_classes'] = num_classes
                item['ignore_index'] = self.ignore_index
        if self.check:
            self._check_names(data_list)
        if self.test_mode:
            self._mark_unlabelled(data_list)
        if self.check:
            self._check_labels(data_list, num_classes)
        return data_list

    def _label_map_of_files(self) -> dict[int, int] | None:
        """`label_map`, and 255 for the ids to ignore.

        Not in `metainfo`: what a class is called in the files stays as it
        is, and two data sets that ignore different ids can be joined.
        """
        # mmseg applies it after reduce_zero_label, which makes 0 ignored.
        ignored = self.ignore_index - bool(self.reduce_zero_label)
        if self.ignore_index == IGNORED or (
            self.reduce_zero_label and self.ignore_index == 0
        ):
            return self.label_map
        return {**(self.label_map or {}), ignored: IGNORED}

    def _mark_unlabelled(self, data_list: list[dict]) -> None:
        """None is the label map of what has none."""
        for item in data_list:
            path = item.get('seg_map_path')
            if path and not exists(path, backend_args=self.backend_args):
                item['seg_map_path'] = None

    def _check_labels(self, data_list: list[dict], num_classes: int) -> None:
        """Look at this process's share of the label maps."""
        pairs = [
            (item['img_path'], item['seg_map_path'])
            for item in data_list
            if item.get('seg_map_path')
        ]
        rank, world_size = get_dist_info()
        places = [
            self.data_prefix.get('img_path', ''),
            self.data_prefix.get('seg_map_path', ''),
            *filter(None, [self.ann_file]),
        ]
        check_pairs(
            pairs[rank::world_size],
            num_classes,
            where=split_name(self),
            ignore_index=self.ignore_index,
            reduce_zero_label=self.reduce_zero_label,
            label_map=self.label_map,
            others=(
                pair for i, pair in enumerate(pairs) if i % world_size != rank
            ),
            for_training=not self.test_mode,
            show_progress=rank == 0,
            cache=LabelCache(cache_path(places), [p[1] for p in pairs]),
        )

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping | None = None) -> dict:
        """Read `classes` from a file of names, as all text files are."""
        classes = (metainfo or {}).get('classes')
        if isinstance(classes, str) and osp.isfile(classes):
            metainfo = {**(metainfo or {}), 'classes': read_lines(classes)}
        return super()._load_metainfo(metainfo)

    def _list_samples(self) -> list[dict]:
        """As mmseg's, with our own readers of lists and folders."""
        images = self.data_prefix.get('img_path', '')
        labels = self.data_prefix.get('seg_map_path')
        if osp.isfile(self.ann_file):
            names = read_lines(self.ann_file)
        elif osp.isdir(images) and not self.ann_file:
            names = [
                name.removesuffix(self.img_suffix)
                for name in list_names(images, self.img_suffix)
            ]
        else:  # not on a local disk
            return super().load_data_list()
        samples = []
        for name in names:
            sample = dict(
                img_path=osp.join(images, name + self.img_suffix),
                label_map=self.label_map,
                reduce_zero_label=self.reduce_zero_label,
                seg_fields=[],
            )
            if labels is not None:
                label = name + self.seg_map_suffix
                sample['seg_map_path'] = osp.join(labels, label)
            samples.append(sample)
        return samples

    def _check_settings(self) -> None:
        """Class names and folders, before anything is listed."""
        classes = self.metainfo.get('classes')
        if not classes or isinstance(classes, str):
            raise ValueError(
                f'{split_name(self)}: wanted class names in '
                "metainfo=dict(classes=('road', 'grass')), got "
                f'classes={classes!r}'
            )
        never = self.ignore_index - bool(self.reduce_zero_label)
        if 0 <= never < len(classes) and not self.label_map:
            print_log(
                f'{split_name(self)}: class {classes[never]!r} has the id '
                f'{self.ignore_index} in the files, which ignore_index says '
                'does not count: it is neither trained nor scored. '
                '(reduce_zero_label=True is for classes that start at 1.)',
                logger='current',
                level=logging.WARNING,
            )
        folders = [self.data_prefix.get('img_path', '')]
        if not self.test_mode:
            folders.append(self.data_prefix.get('seg_map_path', ''))
        check_folders(folders, HINT)
        if self.ann_file and not osp.isfile(self.ann_file):
            raise ValueError(f'no split file {self.ann_file!r}: see ann_file')

    def _check_names(self, data_list: list[dict]) -> None:
        """Every image has a label map, and the other way round."""
        if not data_list:
            raise ValueError(
                f'{self.ann_file}: the split file is empty'
                if self.ann_file
                else describe_no_images(self)
            )
        problems = []
        for item in data_list:
            label = item.get('seg_map_path')
            if not osp.isfile(item['img_path']):
                problems.append(
                    f'{item["img_path"]}: no such image; {self.ann_file} '
                    'holds one name a line, without folder and suffix '
                    f'({self.img_suffix})'
                )
            elif label and not self.test_mode and not osp.isfile(label):
                problems.append(
                    f'{label}: no such label map, but there is the image '
                    f'{item["img_path"]}; label names end with '
                    f'seg_map_suffix={self.seg_map_suffix!r}'
                )
        # A split file may leave labels out; a folder may not.
        if not self.ann_file and not self.test_mode:
            spare = spare_files(
                self.data_prefix['seg_map_path'],
                self.seg_map_suffix,
                [item['seg_map_path'] for item in data_list],
            )
            problems += describe_spare(self, spare, 'label map')
        raise_problems(split_name(self), problems)
