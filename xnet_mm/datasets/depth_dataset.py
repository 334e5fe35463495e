"""A user's own images and depth maps, and the base of the benchmarks."""

from collections.abc import Sequence
from numbers import Real
from os import path as osp
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info
from mmengine.logging import print_log

from ..checks import Camera, check_camera, check_positive, check_scale
from ..fileio.folders import list_names
from ..registry import DATASETS
from .channel_io import image_reader
from .depth_check import check_depth_pairs, missing_files
from .depth_io import ENCODINGS, Encoding
from .folders import (
    SHIPPED,
    check_folders,
    describe_no_images,
    describe_spare,
    seen_from,
    spare_files,
    split_name,
)
from .label_check import raise_problems
from .split_file import NO_TRUTH, read_intrinsics, read_split

HINT = (
    'Set data_root, ann_file and data_prefix=dict(img_path=..., '
    f'depth_path=...); {SHIPPED}'
)


@DATASETS.register_module()
class DepthDataset(BaseDataset):
    """Images and metric depth maps, listed in a split file or two folders.

    A line of the split file (`ann_file`) is `rgb depth`, `rgb depth focal`
    (the third column is not used) or a single name without folder and
    suffix. Paths are relative to `data_prefix`, a leading `/` is ignored, a
    depth of `None` means that there is no ground truth. Without a split file
    the two folders are paired by name. In a config::

        dataset = dict(
            type='xnet_mm.DepthDataset',
            data_root='data/mine',
            ann_file='train.txt',
            depth_scale=1000.0,
            metainfo=dict(max_depth=10.0),
        )

    When the data set is built every file is looked for and a few pairs are
    decoded, so a mistake is an error with the file's name. With
    `test_mode=True` ground truth may be missing: as `None`, or as no file
    where the split does not name it.

    Args:
        data_prefix: `img_path` and `depth_path`, folders below `data_root`.
        img_suffix: end of the image names, where the split names none.
        depth_suffix: end of the depth names, where the split names none;
            the formats are those of `depth_io.read_depth`.
        depth_scale: file units per metre.
        depth_encoding: 'plain' or 'rotate3', see `depth_io.read_depth`.
        invalid_values: file units that mean "none" beside 0, NaN, infinite
            and negative values, as (65535,); see `depth_io.read_depth`.
        intrinsics: (fx, fy, cx, cy) in pixels of the image files, the top
            left pixel's centre being (0, 0), or a text file with the 3 x 3
            matrix below `data_root`.
        check: look at the files; False skips it (a large data set that has
            passed before, or one that is not on a local disk).
        **kwargs: those of mmengine's `BaseDataset`; `metainfo` may set
            `max_depth`, the farthest depth that counts, metres.

    Raises:
        ValueError: no split file or folder, an empty split, a missing,
            unreadable or 8-bit file, a depth map of another size than its
            image, depths that are all above `max_depth`, a split without any
            depth, or, in training, a sample without ground truth.
    """

    METAINFO = dict(max_depth=10.0)
    # Whether training leaves out what has no ground truth; else an error.
    drops_unlabelled = False

    def __init__(
        self,
        *,
        data_prefix: dict | None = None,
        img_suffix: str = '.jpg',
        depth_suffix: str = '.png',
        depth_scale: float = 1000.0,
        depth_encoding: Encoding = 'plain',
        invalid_values: Sequence[float] = (),
        intrinsics: Sequence[float] | str | None = None,
        check: bool = True,
        **kwargs: Any,
    ) -> None:
        self.img_suffix = img_suffix
        self.depth_suffix = depth_suffix
        self.depth_scale = depth_scale
        self.depth_encoding = depth_encoding
        self.invalid_values = invalid_values
        self.intrinsics = intrinsics
        self.check = check
        prefix = {'img_path': '', 'depth_path': '', **(data_prefix or {})}
        super().__init__(data_prefix=prefix, **kwargs)
        # One of MMSegmentation's two browse_dataset.py reads the class's.
        self.METAINFO = self.metainfo

    def load_data_list(self) -> list[dict]:
        """List the split and check it."""
        self._check_settings()
        common: dict[str, Any] = dict(
            depth_scale=float(self.depth_scale),
            depth_encoding=self.depth_encoding,
            invalid_values=(*map(float, self.invalid_values),),
        )
        if self.intrinsics is not None:
            common['intrinsics'] = self._load_intrinsics(self.intrinsics)
        pairs = self._split_pairs() if self.ann_file else self._folder_pairs()
        if not pairs:
            raise ValueError(self._describe_empty_split())
        pairs = self._sort_out_unlabelled(pairs)
        if self.check:
            self._check_pairs(pairs)
        return [
            dict(img_path=image, depth_map_path=depth, seg_fields=[], **common)
            for image, depth in pairs
        ]

    def keeps(self, image_name: str) -> bool:
        """Whether a line of the split file is used; by the image's name."""
        return True

    def local_name(self, name: str) -> str:
        """A name of the split file, relative to its `data_prefix`."""
        return name.lstrip('/')

    def depth_stem(self, stem: str) -> str:
        """The depth map's name for an image's, both without suffix."""
        return stem

    def _check_settings(self) -> None:
        """Arguments and folders, before anything is listed."""
        where = split_name(self)
        check_scale(self.depth_scale, f'{where}: depth_scale')
        check_positive(
            self.metainfo.get('max_depth'), f"{where}: metainfo['max_depth']"
        )
        values = self.invalid_values
        if not isinstance(values, list | tuple) or not all(
            isinstance(v, Real) and not isinstance(v, bool) for v in values
        ):
            raise ValueError(
                f'{where}: invalid_values={values!r}, wanted a list of '
                'numbers in file units, as (65535,)'
            )
        if self.depth_encoding not in ENCODINGS:
            raise ValueError(
                f'{split_name(self)}: depth_encoding={self.depth_encoding!r}, '
                f'wanted one of: {", ".join(ENCODINGS)}'
            )
        if self.ann_file and not osp.isfile(self.ann_file):
            raise ValueError(
                f'no split file {self.ann_file!r} {seen_from()}. {HINT}'
            )
        folders = [] if self.ann_file else [self.data_prefix['img_path']]
        if folders and not self.test_mode:
            folders.append(self.data_prefix['depth_path'])
        check_folders(folders, HINT)

    def _load_intrinsics(self, values: Sequence[float] | str) -> Camera:
        """(fx, fy, cx, cy), from the file if it is one."""
        if isinstance(values, str):
            return read_intrinsics(osp.join(self.data_root, values))
        return check_camera(values, f'{split_name(self)}: intrinsics')

    def _split_pairs(self) -> list[tuple[str, str | None]]:
        """(image, depth) paths of the split file's lines."""
        pairs = []
        for columns in read_split(self.ann_file):
            if not self.keeps(columns[0]):
                continue
            if len(columns) == 1:
                stem = self.local_name(columns[0])
                pairs.append(self._pair_by_name(stem))
                continue
            image, depth = map(self.local_name, columns[:2])
            pairs.append(
                (
                    self._path('img_path', image),
                    None
                    if depth == NO_TRUTH
                    else self._path('depth_path', depth),
                )
            )
        return pairs

    def _path(self, prefix: str, name: str) -> str:
        return osp.join(self.data_prefix[prefix], name)

    def _pair_by_name(self, name: str) -> tuple[str, str | None]:
        """(image, depth) paths from one name, with or without suffix."""
        stem = name.removesuffix(self.img_suffix)
        image = self._path('img_path', stem + self.img_suffix)
        depth = self._path(
            'depth_path', self.depth_stem(stem) + self.depth_suffix
        )
        absent = depth == image or not osp.isfile(depth)
        return image, None if self.test_mode and absent else depth

    def _folder_pairs(self) -> list[tuple[str, str | None]]:
        """(image, depth) paths of the same names in the two folders."""
        names = list_names(self.data_prefix['img_path'], self.img_suffix)
        return [self._pair_by_name(name) for name in names]

    def spare_depth_maps(self) -> list[str]:
        """Depth maps without an image, of a split given by two folders."""
        folder = self.data_prefix['depth_path']
        if self.ann_file or not osp.isdir(folder):
            return []
        wanted = {
            path for pair in self._folder_pairs() for path in pair if path
        }
        return spare_files(folder, self.depth_suffix, wanted)

    def _sort_out_unlabelled(
        self, pairs: list[tuple[str, str | None]]
    ) -> list[tuple[str, str | None]]:
        """Keep, drop or refuse the samples without ground truth."""
        without = [image for image, depth in pairs if depth is None]
        if not without:
            return pairs
        count = f'{len(without)} of {len(pairs)} images'
        if self.test_mode:
            print_log(
                f'{split_name(self)}: {count} have no ground truth; they are '
                'predicted and do not count in the metrics.',
                logger='current',
            )
            return pairs
        if not self.drops_unlabelled or len(without) == len(pairs):
            raise ValueError(
                f'{split_name(self)}: {count} have no ground truth, the first '
                f'is {without[0]}. Only test_mode=True takes them; leave '
                'these lines out for training'
            )
        print_log(
            f'{split_name(self)}: {count} have no ground truth and are left '
            'out of training.',
            logger='current',
        )
        return [pair for pair in pairs if pair[1] is not None]

    def _check_pairs(self, pairs: list[tuple[str, str | None]]) -> None:
        """Every file is there, and some are what they should be."""
        rank, world_size = get_dist_info()
        problems = missing_files(pairs[rank::world_size])
        if not self.test_mode:
            spare = self.spare_depth_maps()
            problems += describe_spare(self, spare, 'depth map')
        if problems:
            problems[0] += f' {seen_from()}. {HINT}'
        raise_problems(split_name(self), problems)
        labelled = [
            (image, depth) for image, depth in pairs if depth is not None
        ]
        if labelled:
            check_depth_pairs(
                labelled,
                scale=self.depth_scale,
                encoding=self.depth_encoding,
                max_depth=self.metainfo['max_depth'],
                where=split_name(self),
                invalid_values=self.invalid_values,
                read=image_reader(self.pipeline.transforms),
            )

    def _describe_empty_split(self) -> str:
        """Say what was found instead of images."""
        if self.ann_file:
            return (
                f'{self.ann_file}: the split file is empty, or none of its '
                f'lines is for {type(self).__name__} with these settings'
            )
        return describe_no_images(self)
