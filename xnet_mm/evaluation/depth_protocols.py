"""Which pixels count, and how: the evaluation protocols of depth papers.

Figures are comparable within one protocol only. All of them average per
image: a metric over an image's pixels, then the mean over images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import torch
from torch import Tensor

from ..checks import check_number, check_positive, check_whole

PAPER_KEYS = (
    *('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10'),
    *('silog', 'silog_half', 'd1', 'd2', 'd3'),
)
KITTI_KEYS = ('silog', 'abs_rel_percent', 'sq_rel_percent', 'irmse')
Box = tuple[int, int, int, int]

# Folder of SUN RGB-D's images that come from NYU-Depth-V2.
SUN_FROM_NYU = 'kv1/NYUdata'


@dataclass(frozen=True)
class DepthProtocol:
    """One way to evaluate a depth map. Depths are metres.

    Attributes:
        name: As configs write it.
        source: Where the protocol comes from.
        min_depth: Ground truth counts if it is above.
        max_depth: Ground truth counts if it is below.
        clamp: Range that predictions are clamped to.
        gt_ceiling: Ground truth beyond is set to it before the range counts.
        crop: Rows and columns that count: (top, bottom, left, right), the
            ends excluded. On a smaller map it ends with the map.
        map_size: (height, width) that the protocol is defined on.
        map_hint: What to do about a map of another size.
        left_out_path: Images with this in their path are left out.
        keys: Metrics reported.
    """

    name: str
    source: str
    min_depth: float
    max_depth: float
    clamp: tuple[float, float] | None
    gt_ceiling: float | None = None
    crop: Box | None = None
    map_size: tuple[int, int] | None = None
    map_hint: str = ''
    left_out_path: str | None = None
    keys: tuple[str, ...] = PAPER_KEYS

    def leaves_out(self, path: str) -> bool:
        """Whether the image at `path` is no part of the protocol."""
        part = self.left_out_path
        return part is not None and part in Path(path).as_posix()

    def check_size(self, height: int, width: int, where: str) -> None:
        """Refuse a map that the crop was not made for.

        Raises:
            ValueError: what is wanted, and how to get it.
        """
        if self.map_size and (height, width) != self.map_size:
            wanted = '{}x{}'.format(*self.map_size)
            raise ValueError(
                f'{where}: {self.name} wants {wanted} maps (height x width), '
                f'got {height}x{width}: {self.map_hint}'
            )

    def select(self, pred: Tensor, gt: Tensor) -> tuple[Tensor, Tensor]:
        """Cut out, clamp and choose the pixels that count.

        Args:
            pred: Metres, (H, W).
            gt: Metres, (H, W), 0 = none; on any device.

        Returns:
            Both of shape (N,), float64, on the device of `pred`.
        """
        if self.crop:
            top, bottom, left, right = self.crop
            pred = pred[top:bottom, left:right]
            gt = gt[top:bottom, left:right]
        gt = gt.to(pred.device)
        if self.gt_ceiling:
            gt = gt.clamp(max=self.gt_ceiling)
        # Before the cast to float64: 1e-3 as float32 is above 1e-3.
        valid = (gt > self.min_depth) & (gt < self.max_depth)
        pred, gt = pred[valid], gt[valid]
        if self.clamp:
            pred = pred.clamp(*self.clamp)
        return pred.to(torch.float64), gt.to(torch.float64)

    def describe(self) -> list[str]:
        """What the printed result says about how it was made."""
        pixels = f'pixels: {self.min_depth:g} < ground truth'
        if self.max_depth < inf:
            pixels += f' < {self.max_depth:g}'
        pixels += ' m'
        if self.gt_ceiling:
            pixels += f', what is beyond {self.gt_ceiling:g} m counts as that'
        crop = 'crop: none'
        if self.crop:
            crop = 'crop: rows {}:{}, columns {}:{}'.format(*self.crop)
        if self.map_size:
            crop += ' of {}x{}'.format(*self.map_size)
        clamp = 'predictions: not clamped'
        if self.clamp:
            clamp = 'predictions: clamped to {:g}..{:g} m'.format(*self.clamp)
        lines = [pixels, crop, clamp, 'averaging: per image, then over images']
        if self.left_out_path:
            lines.append(f'images: none with {self.left_out_path} in its path')
        return lines


def _kitti_crop(top: float, bottom: float, left: float, right: float) -> Box:
    height, width = KITTI_MAP
    return (
        *(int(top * height), int(bottom * height)),
        *(int(left * width), int(right * width)),
    )


KITTI_MAP = (352, 1216)
KITTI_EIGEN = DepthProtocol(
    name='kitti_eigen_garg',
    source='KITTI Eigen split, Garg crop of the KB crop; AdaBins, BinsFormer',
    min_depth=1e-3,
    max_depth=80,
    clamp=(1e-3, 80),
    crop=_kitti_crop(0.40810811, 0.99189189, 0.03594771, 0.96405229),
    map_size=KITTI_MAP,
    map_hint='this is the KB crop; put xnet_mm.KBCrop into the test pipeline',
)
SUN = DepthProtocol(
    name='sun_rgbd',
    source='SUN RGB-D at native size; BinsFormer',
    min_depth=1e-3,
    max_depth=10,
    clamp=(1e-3, 8),
    gt_ceiling=8,
    crop=(45, 471, 41, 601),
)
NAMED = (
    DepthProtocol(
        name='nyu_eigen',
        source='NYU-Depth-V2, Eigen split and crop',
        min_depth=1e-3,
        max_depth=10,
        clamp=(1e-3, 10),
        crop=(45, 471, 41, 601),
        map_size=(480, 640),
        map_hint='test on whole images, without xnet_mm.NYUCrop',
    ),
    KITTI_EIGEN,
    replace(
        KITTI_EIGEN,
        name='kitti_eigen_eigen',
        source='KITTI Eigen split, Eigen crop of the KB crop',
        crop=_kitti_crop(0.3324324, 0.91351351, 0.0359477, 0.96405229),
    ),
    DepthProtocol(
        name='kitti_official',
        source="KITTI's depth devkit",
        min_depth=0,
        max_depth=inf,
        clamp=None,
        keys=KITTI_KEYS,
    ),
    SUN,
    replace(
        SUN,
        name='sun_rgbd_without_nyu',
        source=f'{SUN.source}; without the part that NYU-Depth-V2 contains',
        left_out_path=f'{SUN_FROM_NYU}/',
    ),
    DepthProtocol(
        name='ddad',
        source='DDAD, GEDepth',
        min_depth=1e-3,
        max_depth=200,
        clamp=(1e-3, 200),
    ),
)
PROTOCOLS = {protocol.name: protocol for protocol in NAMED}


def _check_crop(crop: Sequence[int]) -> Box:
    """(top, bottom, left, right), growing whole numbers."""
    try:
        top, bottom, left, right = (
            check_whole(value, 'an end') for value in crop
        )
        if top < bottom and left < right:
            return top, bottom, left, right
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f'crop={crop!r}: wanted (top, bottom, left, right) in pixels, the '
        'ends excluded'
    )


def find_protocol(
    name: str, data_max_depth: float | None, options: dict
) -> DepthProtocol:
    """The protocol of that name; `custom` is made from the options.

    Args:
        name: Of the protocol.
        data_max_depth: `max_depth` of the data set's metainfo, metres.
        options: min_depth, max_depth, crop and clamp of
            `DepthProtocolMetric`; None = default.

    Raises:
        ValueError: an unknown name, options that contradict a protocol, or
            `custom` without any max_depth.
    """
    if name != 'custom':
        if name not in PROTOCOLS:
            known = ', '.join([*PROTOCOLS, 'custom'])
            raise ValueError(f'no depth protocol {name!r}. There are: {known}')
        given = [key for key, value in options.items() if value is not None]
        if given:
            raise ValueError(
                f'{", ".join(given)}: fixed by protocol {name}. Leave it out '
                "or use protocol='custom'"
            )
        return PROTOCOLS[name]
    low, high = options['min_depth'], options['max_depth']
    low = 1e-3 if low is None else check_number(low, 'min_depth', least=0)
    if high is not None:
        high = check_positive(high, 'max_depth')
    elif data_max_depth is not None and data_max_depth != inf:
        high = check_positive(data_max_depth, "metainfo['max_depth']")
    else:
        high = data_max_depth  # inf: asked before the data are known
    if high is None or high <= low:
        raise ValueError(
            f"protocol 'custom' counts ground truth in {low} < depth < "
            f'{high}. Set max_depth of the metric, or metainfo='
            'dict(max_depth=...) of the data set, in metres'
        )
    if not isinstance(options['clamp'], bool | None):
        raise ValueError(f'clamp={options["clamp"]!r}: wanted True or False')
    crop = options['crop']
    if crop is not None:
        crop = _check_crop(crop)
    return DepthProtocol(
        name='custom',
        source='options of the config',
        min_depth=low,
        max_depth=high,
        clamp=None if options['clamp'] is False else (low, high),
        crop=crop,
    )
