"""What a depth data set holds, found by reading every sample of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..fileio.images import read_image
from .channel_io import image_reader, read_image_size
from .depth_check import read_pair
from .depth_dataset import DepthDataset
from .depth_spike import Peak, describe_peak, join_peaks, peak_of
from .threads import run_jobs


@dataclass
class MapStats:
    """One depth map in numbers; depths in metres, NaN without any depth."""

    shape: tuple[int, int]  # (H, W)
    num_valid: int
    num_above: int  # of these, beyond max_depth
    low: float = np.nan
    median: float = np.nan
    far: float = np.nan  # 95 % are nearer
    high: float = np.nan
    peak: Peak = field(default_factory=Peak)


@dataclass
class Report:
    """What was found in one split."""

    max_depth: float
    scale: float = 1000.0  # file units per metre
    num_samples: int = 0
    num_unlabelled: int = 0  # samples without a depth map
    image_sizes: Counter = field(default_factory=Counter)  # of (w, h)
    maps: list[MapStats] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # each names a file

    def lines(self) -> list[tuple[str, str]]:
        """What and how much, for people."""
        labelled = [m for m in self.maps if m.num_valid]
        rows = [
            (
                'samples',
                f'{self.num_samples}, {self.num_unlabelled} of them without '
                'ground truth',
            ),
            ('image sizes', _count_sizes(self.image_sizes)),
            (
                'depth sizes',
                _count_sizes(Counter(m.shape[::-1] for m in self.maps)),
            ),
            ('wrong files', str(len(self.problems))),
        ]
        if self.maps:
            empty = len(self.maps) - len(labelled)
            rows.append(('maps without any depth', str(empty)))
        if labelled:
            rows += self._depth_lines(labelled)
        return rows

    def _depth_lines(self, labelled: list[MapStats]) -> list[tuple[str, str]]:
        valid = np.array([m.num_valid for m in self.maps], float)
        pixels = np.array([m.shape[0] * m.shape[1] for m in self.maps], float)
        shares = valid / pixels
        above = sum(m.num_above for m in self.maps) / valid.sum()
        low = min(m.low for m in labelled)
        high = max(m.high for m in labelled)
        median = np.median([m.median for m in labelled])
        peak = join_peaks([m.peak for m in labelled])
        rows = [
            (
                'valid pixels',
                f'{valid.sum() / pixels.sum():.1%} (a map: '
                f'{shares.min():.1%} to {shares.max():.1%})',
            ),
            (
                'depth',
                f'{low:.3f} to {high:.3f} m, median of the medians '
                f'{median:.3f} m',
            ),
            (f'above max_depth {self.max_depth:g} m', f'{above:.2%}'),
        ]
        if suspicion := describe_peak(peak, self.scale):
            rows.append(('one value', suspicion))
        return rows


def _count_sizes(sizes: Counter) -> str:
    """'640x480: 654, ...', the most frequent first."""
    shown = [f'{w}x{h}: {n}' for (w, h), n in sizes.most_common(5)]
    if len(sizes) > len(shown):
        shown.append(f'and {len(sizes) - len(shown)} more sizes')
    return ', '.join(shown) or 'none'


def read_sample(
    info: dict, max_depth: float, read: Callable[..., np.ndarray] = read_image
) -> tuple[tuple[int, int], MapStats | None]:
    """Image size (w, h) and depth statistics of one sample of the data list.

    `read` is the reader of the image, see `channel_io.image_reader`.

    Raises:
        OSError or ValueError: as `depth_check.read_pair`, and for a map
            whose depths are all above `max_depth`.
    """
    image, path = info['img_path'], info['depth_map_path']
    if path is None:
        return read_image_size(image), None
    depth = read_pair(
        (image, path),
        info['depth_scale'],
        info['depth_encoding'],
        info.get('invalid_values', ()),
        read,
    )
    size = depth.shape[::-1]
    valid = depth[depth > 0]
    if not valid.size:
        return size, MapStats(depth.shape, 0, 0)
    low, median, far, high = np.quantile(valid, (0, 0.5, 0.95, 1)).tolist()
    if low > max_depth:
        raise ValueError(
            f'{path}: all depths ({low:.3g} to {high:.3g} m with depth_scale='
            f'{info["depth_scale"]:g}) are above max_depth, {max_depth:g} m'
        )
    num_above = int((valid > max_depth).sum())
    return size, MapStats(
        depth.shape,
        valid.size,
        num_above,
        low,
        median,
        far,
        high,
        peak_of(valid),
    )


def read_all(
    dataset: DepthDataset, description: str, workers: int | None = None
) -> Report:
    """Read every sample, in threads, with a progress bar.

    Args:
        dataset: built, of any class with `DepthDataset`'s data list.
        description: for the bar.
        workers: threads; by default one a core.
    """
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    report = Report(
        dataset.metainfo['max_depth'],
        dataset.depth_scale,
        num_samples=len(infos),
    )
    read = image_reader(dataset.pipeline.transforms)
    found = run_jobs(
        lambda info: read_sample(info, report.max_depth, read),
        infos,
        description,
        workers,
    )
    for result in found:
        if isinstance(result, str):
            report.problems.append(result)
            continue
        size, stats = result
        report.image_sizes[size] += 1
        if stats is None:
            report.num_unlabelled += 1
        else:
            report.maps.append(stats)
    report.problems += [
        f'{path}: a depth map without an image'
        for path in dataset.spare_depth_maps()
    ]
    if report.maps and not any(m.num_valid for m in report.maps):
        report.problems.append(
            f'{description}: all-invalid split: none of its '
            f'{len(report.maps)} depth maps has a pixel with ground truth'
        )
    return report
