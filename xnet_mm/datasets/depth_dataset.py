"""A user's own images and depth maps, and the base of the benchmarks."""

from collections.abc import Sequence
from os import path as osp
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.fileio import list_dir_or_file

from ..registry import DATASETS
from .depth_io import ENCODINGS, Encoding

NO_TRUTH = 'None'  # in split files


@DATASETS.register_module()
class DepthDataset(BaseDataset):
    """Images and metric depth maps, listed in a split file or two folders.

    A line of the split file (`ann_file`) is `rgb depth`, `rgb depth focal`
    (the focal length is not used) or one name without folder and suffix;
    paths are relative to `data_prefix`, a leading `/` is ignored, a depth
    of `None` means that there is no ground truth. Without a split file the
    two folders are paired by name. In a config::

        dataset = dict(
            type='xnet_mm.DepthDataset',
            data_root='data/mine',
            ann_file='train.txt',
            depth_scale=1000.0,
            metainfo=dict(max_depth=10.0),
        )

    With `test_mode=True` ground truth may be missing.

    Args:
        data_prefix: `img_path` and `depth_path`, folders below `data_root`.
        img_suffix: end of the image names, where names have none.
        depth_suffix: end of the depth names, where names have none. What
            formats there are: `depth_io.read_depth`.
        depth_scale: file units per metre.
        depth_encoding: 'plain' or 'rotate3', see `depth_io.read_depth`.
        intrinsics: (fx, fy, cx, cy) in pixels of the image files, the top
            left pixel's centre being (0, 0), or a text file of the 3 x 3
            matrix below `data_root`.
        **kwargs: those of mmengine's `BaseDataset`; `metainfo` may set
            `max_depth`, in metres.
    """

    METAINFO = dict(max_depth=10.0)

    def __init__(
        self,
        *,
        data_prefix: dict | None = None,
        img_suffix: str = '.jpg',
        depth_suffix: str = '.png',
        depth_scale: float = 1000.0,
        depth_encoding: Encoding = 'plain',
        intrinsics: Sequence[float] | str | None = None,
        **kwargs: Any,
    ) -> None:
        if depth_encoding not in ENCODINGS:
            raise ValueError(
                f'depth_encoding={depth_encoding!r}: wanted one of '
                f'{", ".join(ENCODINGS)}'
            )
        if not depth_scale > 0:
            raise ValueError(f'depth_scale={depth_scale}: wanted above 0')
        self.img_suffix = img_suffix
        self.depth_suffix = depth_suffix
        self.depth_scale = depth_scale
        self.depth_encoding = depth_encoding
        self.intrinsics = intrinsics
        prefix = {'img_path': '', 'depth_path': '', **(data_prefix or {})}
        super().__init__(data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the split."""
        common = dict(
            depth_scale=self.depth_scale, depth_encoding=self.depth_encoding
        )
        intrinsics = self._load_intrinsics()
        if intrinsics:
            common['intrinsics'] = intrinsics
        pairs = self._split_pairs() if self.ann_file else self._folder_pairs()
        return [
            dict(img_path=image, depth_map_path=depth, seg_fields=[], **common)
            for image, depth in pairs
        ]

    def _load_intrinsics(self) -> tuple[float, ...] | None:
        """(fx, fy, cx, cy), from the file if it is one."""
        values = self.intrinsics
        if isinstance(values, str):
            path = osp.join(self.data_root, values)
            matrix = np.loadtxt(path).reshape(3, 3)
            values = matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
        if values is None:
            return None
        return tuple(float(v) for v in values)

    def _split_pairs(self) -> list[tuple[str, str | None]]:
        """(image, depth) paths of the split file's lines."""
        pairs = []
        with open(self.ann_file, encoding='utf-8') as file:
            for line in file:
                columns = line.split()
                if len(columns) == 1:
                    name = columns[0]
                    columns = [
                        name + self.img_suffix,
                        name + self.depth_suffix,
                    ]
                if columns:
                    pairs.append(
                        (
                            self._locate('img_path', columns[0]),
                            None
                            if columns[1] == NO_TRUTH
                            else self._locate('depth_path', columns[1]),
                        )
                    )
        return pairs

    def _locate(self, prefix: str, name: str) -> str:
        """Path of a name of the split file."""
        return osp.join(self.data_prefix[prefix], name.lstrip('/'))

    def _folder_pairs(self) -> list[tuple[str, str | None]]:
        """(image, depth) paths of the same names in the two folders."""
        names = list_dir_or_file(
            self.data_prefix['img_path'],
            list_dir=False,
            suffix=self.img_suffix,
            recursive=True,
        )
        pairs = []
        for name in sorted(names):
            stem = name.removesuffix(self.img_suffix)
            depth = self._locate('depth_path', stem + self.depth_suffix)
            if self.test_mode and not osp.isfile(depth):
                depth = None
            pairs.append((self._locate('img_path', name), depth))
        return pairs
