"""Which pixels count, and how: the evaluation protocols of depth papers.

Figures are comparable within one protocol only. All of them average per
image: a metric over an image's pixels, then the mean over images.
"""

from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

PAPER_KEYS = (
    *('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10'),
    *('silog', 'silog_half', 'd1', 'd2', 'd3'),
)
KITTI_KEYS = ('silog', 'abs_rel_percent', 'sq_rel_percent', 'irmse')
Box = tuple[int, int, int, int]


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
        map_hint: What to say about a map of another size.
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

    def check_size(self, height: int, width: int, where: str) -> None:
        """Refuse a map that the crop was not made for.

        Raises:
            ValueError: with the protocol's hint.
        """
        if self.map_size and (height, width) != self.map_size:
            wanted = '{}x{}'.format(*self.map_size)
            raise ValueError(
                f'{where}: protocol {self.name} is defined on {wanted} maps '
                f'(height x width), got {height}x{width}. {self.map_hint}'
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
        upper = f' < {self.max_depth:g}' if self.max_depth < inf else ''
        lines = [f'pixels: {self.min_depth:g} < ground truth{upper} m']
        if self.gt_ceiling:
            lines[0] += f', after ground truth > {self.gt_ceiling:g} m was '
            lines[0] += f'set to {self.gt_ceiling:g}'
        if self.crop:
            rows, columns = self.crop[:2], self.crop[2:]
            crop = 'crop: rows {}:{}, columns '.format(*rows)
            crop += '{}:{}'.format(*columns)
            if self.map_size:
                crop += ' of {}x{}'.format(*self.map_size)
        lines += [
            crop if self.crop else 'crop: none',
            'predictions: clamped to {:g}..{:g} m'.format(*self.clamp)
            if self.clamp
            else 'predictions: not clamped',
            'averaging: per image, then over images',
        ]
        return lines


PROTOCOLS: dict[str, DepthProtocol] = {}


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
            raise ValueError(f'No depth protocol {name!r}. There are: {known}')
        given = [key for key, value in options.items() if value is not None]
        if given:
            raise ValueError(
                f'{", ".join(given)}: fixed by protocol {name}. Leave it out '
                "or use protocol='custom'"
            )
        return PROTOCOLS[name]
    low = 1e-3 if options['min_depth'] is None else options['min_depth']
    high = options['max_depth'] or data_max_depth
    if not high or high <= low:
        raise ValueError(
            f"protocol 'custom' counts ground truth in {low} < depth < "
            f'{high}. Set max_depth of the metric, or metainfo='
            'dict(max_depth=...) of the data set, in metres'
        )
    crop = options['crop']
    if crop is not None:
        top, bottom, left, right = crop
        if not (0 <= top < bottom and 0 <= left < right):
            raise ValueError(
                f'crop={crop}: wanted (top, bottom, left, right) in pixels, '
                'the ends excluded'
            )
        crop = (top, bottom, left, right)
    return DepthProtocol(
        name='custom',
        source='options of the config',
        min_depth=low,
        max_depth=high,
        clamp=None if options['clamp'] is False else (low, high),
        crop=crop,
    )
