"""Finds what is wrong with images and depth maps before training starts.

A wrong depth scale otherwise shows up as a loss that stands still, an 8-bit
preview as a model that predicts 0.2 m everywhere.
"""

import warnings
from collections.abc import Callable, Sequence
from os import path as osp

import numpy as np
from mmengine.dist import get_dist_info
from rich.console import Console
from rich.progress import track

from ..fileio.images import read_image
from .depth_io import Encoding, read_depth
from .depth_spike import USUAL_SCALES, describe_peak, join_peaks, peak_of
from .label_check import raise_problems
from .threads import look_at_files

NUM_DECODED = 8  # pairs that are looked into when a data set is built

Pair = tuple[str, str]  # paths of image and depth map


def missing_files(pairs: Sequence[tuple[str, str | None]]) -> list[str]:
    """One line for each file that is not there; a depth of None may be."""

    def look(pair: tuple[str, str | None]) -> list[str]:
        image, depth = pair
        problems = []
        if not osp.isfile(image):
            problems.append(f'{image}: no such image')
        if depth is not None and not osp.isfile(depth):
            problems.append(f'{depth}: no such depth map, for {image}')
        return problems

    # In threads: a network's disk takes a moment to answer for each.
    found = look_at_files(
        look, pairs, 'looking for files', get_dist_info()[0] == 0
    )
    return [problem for problems in found for problem in problems]


def read_pair(
    pair: Pair,
    scale: float,
    encoding: Encoding,
    invalid_values: Sequence[float] = (),
    read: Callable[..., np.ndarray] = read_image,
) -> np.ndarray:
    """The depth map of a pair, (H, W) metres, after both files were decoded.

    `read` is the reader of the image, see `channel_io.image_reader`.

    Raises:
        FileNotFoundError or ValueError: a file is missing or unreadable, the
            depth has 8 bits, or the two sizes differ.
    """
    image_path, depth_path = pair
    depth = read_depth(depth_path, scale, encoding, invalid_values)
    height, width = read(image_path).shape[:2]
    check_size(depth, depth_path, (height, width), image_path)
    return depth


def check_size(
    depth: np.ndarray,
    depth_path: str,
    image_shape: tuple[int, int],
    image_path: str,
) -> None:
    """Raise ValueError unless a depth map has its image's (H, W)."""
    if depth.shape != image_shape:
        raise ValueError(
            f'{depth_path}: {depth.shape[1]}x{depth.shape[0]} pixels, but '
            f'{image_path} has {image_shape[1]}x{image_shape[0]} (width x '
            'height). Make them equal (depth by nearest neighbour), and let '
            'crops follow after LoadDepth'
        )


def check_depth_pairs(
    pairs: Sequence[Pair],
    *,
    scale: float,
    encoding: Encoding,
    max_depth: float,
    where: str,
    invalid_values: Sequence[float] = (),
    read: Callable[..., np.ndarray] = read_image,
) -> None:
    """Decode a few evenly spaced pairs and raise if the data cannot be right.

    The others are read only if no depth was found in these.

    Args:
        pairs: at least one.
        scale: file units per metre.
        encoding: as for `read_depth`.
        max_depth: the farthest depth that counts, metres.
        where: name of the data set, for messages.
        invalid_values: as for `read_depth`.
        read: as for `read_pair`.

    Raises:
        ValueError: names each wrong file and says what to do.
    """
    spaced = np.linspace(0, len(pairs) - 1, NUM_DECODED).astype(int)
    chosen = sorted(set(spaced.tolist()))
    found, problems = [], []
    for i in chosen:
        try:
            depth = read_pair(pairs[i], scale, encoding, invalid_values, read)
        except (OSError, ValueError) as error:
            problems.append(str(error))
        else:
            found.append(depth[depth > 0])
    raise_problems(where, problems)
    valid = np.concatenate(found)
    first = next((i for i, v in zip(chosen, found, strict=True) if v.size), 0)
    if not valid.size:
        others = [pair for i, pair in enumerate(pairs) if i not in chosen]
        valid = _first_valid(others, scale, encoding, invalid_values, where)
    if not valid.size:
        names = ', '.join(depth for _, depth in pairs[:3])
        also = f', and so do {(*invalid_values,)}' if invalid_values else ''
        raise ValueError(
            f'{where}: all-invalid split: none of its {len(pairs)} depth '
            f'maps has a pixel with ground truth ({names}'
            f'{", ..." * (len(pairs) > 3)}). 0, NaN, infinite and negative '
            f'values mean "none"{also}; look at the files'
        )
    _check_scale(valid, scale, max_depth, f'{where}: {pairs[first][1]}')
    peak = describe_peak(join_peaks([*map(peak_of, found)]), scale)
    if peak:
        warnings.warn(f'{where}: {peak}', stacklevel=2)


def _first_valid(
    pairs: Sequence[Pair],
    scale: float,
    encoding: Encoding,
    invalid_values: Sequence[float],
    where: str,
) -> np.ndarray:
    """The depths of the first map that has any; empty if none has."""
    for _, path in track(
        pairs,
        description=f'looking for depth in {where}',
        console=Console(stderr=True),
        transient=True,
        disable=get_dist_info()[0] != 0,
    ):
        depth = read_depth(path, scale, encoding, invalid_values)
        if depth.any():
            return depth[depth > 0]
    return np.empty(0, np.float32)


def _check_scale(
    valid: np.ndarray, scale: float, max_depth: float, where: str
) -> None:
    """Raise if all depths lie beyond `max_depth`, warn if they look wrong."""
    low, high = float(valid.min()), float(valid.max())
    found = (
        f'{where}: depths are {low:.3g} to {high:.3g} m with '
        f'depth_scale={scale:g}, max_depth is {max_depth:g} m'
    )
    advice = (
        'Set depth_scale to the file units per metre'
        f'{_suggestion(valid * scale, max_depth)}, or metainfo='
        'dict(max_depth=...) to the farthest depth'
    )
    if low > max_depth:
        raise ValueError(f'{found}: all of them are too far. {advice}')
    if high < max_depth / 100 or np.median(valid) > max_depth:
        warnings.warn(
            f'{found}: that looks like a wrong scale. {advice}', stacklevel=2
        )


def _suggestion(units: np.ndarray, max_depth: float) -> str:
    """The first usual scale that brings the depths into the range."""
    farthest = float(units.max())
    for scale in USUAL_SCALES:
        if max_depth / 50 < farthest / scale <= max_depth:
            return (
                f' (depth_scale={scale:g} would give '
                f'{units.min() / scale:.3g} to {farthest / scale:.3g} m)'
            )
    return ''
