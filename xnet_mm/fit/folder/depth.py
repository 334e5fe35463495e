"""What depth files hold: which unit, which values mean "none", how far."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ...datasets.depth_io import Encoding, read_values
from ...datasets.depth_spike import (
    TYPE_MAXIMA,
    describe_peak,
    join_peaks,
    peak_of,
)
from ...datasets.threads import run_jobs
from ...evaluation.depth_files import KITTI, MILLIMETRES
from ...judge.depth_files import looks_turned
from .terms import FolderError

TUM = 5000.0
METRES = 1.0
KEPT = 20_000  # values of a map that stand for all of them
PERCENTILES = (1, 50, 99)
# Medians and 99th percentiles of scenes, metres: a desk, a street.
NEAREST, FARTHEST_INDOORS, FARTHEST = 0.25, 20.0, 300.0
NEAREST_OF_FLOATS = 0.1
NEAREST_OF_MILLIMETRES = 0.5  # below, they may be centimetres as well
WIDE = 2.5  # times as wide as high: KITTI's pictures are 3.3
SPARSE = 0.4  # share of pixels that a laser scanner leaves without depth
DISPARITY = re.compile(r'disp(arity|arities|s)?|inverse_?depth|inv_?depth')
LARGEST = 65535.0  # of 16 bits: what sensors write beyond their range
MANY = 64  # different values, of which one can tell how they were made
ASK = 'say the file units per metre by --depth-scale (1000: millimetres)'


@dataclass(frozen=True)
class Look:
    """One depth file, in its own units.

    Attributes:
        path: below the folder.
        dtype: of its values.
        size: (height, width).
        values: some of those above 0, finite, with the largest one.
        valid: share of pixels that these stand for.
        turned: whether they look turned by three bits.
        fives: whether they are many, all multiples of 5, not all of 10.
    """

    path: str
    dtype: np.dtype
    size: tuple[int, int]
    values: np.ndarray
    valid: float
    turned: bool
    fives: bool


@dataclass(frozen=True)
class Unit:
    """What the numbers mean.

    Attributes:
        scale: file units per metre.
        why: how that is known.
        encoding: see `read_depth`.
        invalid: values that mean "none".
    """

    scale: float
    why: str
    encoding: Encoding
    invalid: tuple[float, ...]

    def metres(self, looks: Sequence['Look']) -> tuple[float, float, float]:
        """The 1st, 50th and 99th percentile of what was looked at."""
        values = np.concatenate(
            [_without(k.values, self.invalid) for k in looks]
        )
        if self.encoding == 'rotate3':
            values = _turn_back(values)
        low, median, far = np.percentile(values, PERCENTILES) / self.scale
        return float(low), float(median), float(far)

    def valid_share(self, looks: Sequence['Look']) -> float:
        """Share of pixels with a depth."""
        shares = [
            look.valid * np.mean(~np.isin(look.values, self.invalid))
            for look in looks
            if look.values.size
        ]
        return float(np.sum(shares) / len(looks))


def look_at(folder: Path, path: str) -> Look:
    """Read a depth file.

    Raises:
        OSError or ValueError: unreadable, 8 bits, several channels.
    """
    raw = read_values(folder / path)
    numbers = raw.astype(np.float64)
    with np.errstate(invalid='ignore'):
        known = numbers[np.isfinite(numbers) & (numbers > 0)]
    kept = known
    if known.size > KEPT:
        step = known.size // KEPT
        kept = np.append(np.sort(known)[step // 2 :: step], known.max())
    return Look(
        path,
        raw.dtype.newbyteorder('='),
        (raw.shape[0], raw.shape[1]),
        kept,
        known.size / max(raw.size, 1),
        looks_turned(raw),
        raw.dtype.kind in 'ui' and _are_fives(known),
    )


def _are_fives(values: np.ndarray) -> bool:
    if (values % 5 != 0).any() or (values % 10 == 0).all():
        return False
    return len(np.unique(values)) >= MANY


def look_at_depth(folder: Path, paths: Sequence[str]) -> list[Look]:
    """Read some depth files, with a progress bar.

    Raises:
        FolderError: the first file that is wrong, or that may be disparity.
    """
    for path in paths[:1]:
        for part in PurePosixPath(path).parts:
            words = re.split(r'[\W\d]+', part.lower())
            if any(DISPARITY.fullmatch(w) for w in words):
                raise FolderError(
                    f'{path}: by its name disparity or inverse depth, which '
                    'is largest where things are near; wanted depth: save '
                    'focal length x baseline / disparity, in metres, as npy'
                )
    looks = run_jobs(
        lambda path: look_at(folder, path),
        paths,
        'looking at depth files',
    )
    for look in looks:
        if isinstance(look, str):
            raise FolderError(look)
    return [look for look in looks if not isinstance(look, str)]


def find_unit(
    looks: Sequence[Look], folder: Path, scale: float | None = None
) -> Unit:
    """What the numbers of depth files mean.

    Args:
        looks: at least one.
        folder: the user's, for what its name says.
        scale: file units per metre, where the user says it.

    Raises:
        FolderError: no depth at all, or a range that fits several units.
    """
    where = looks[0].path
    kinds = {look.dtype for look in looks}
    whole = all(kind.kind in 'ui' for kind in kinds)
    invalid = invalid_values(looks)
    if kinds == {np.dtype(np.uint16)}:  # also where no file looked at has it
        invalid = (*invalid, *({LARGEST} - {*invalid}))
    values = np.concatenate([_without(k.values, invalid) for k in looks])
    if not values.size:
        raise FolderError(
            f'{where}: no depth above 0 in it or in the {len(looks)} files '
            'looked at; wanted metres or millimetres, 0 for "none"'
        )
    encoding: Encoding = 'plain'
    turned = sum(look.turned for look in looks) > len(looks) / 2
    if turned and kinds == {np.dtype(np.uint16)}:
        encoding, invalid = 'rotate3', ()
        values = _turn_back(values)
    if scale is not None:
        return Unit(scale, 'as given', encoding, invalid)
    if encoding == 'rotate3':
        return Unit(
            MILLIMETRES,
            "turned left by three bits, as SUN RGB-D's files of millimetres",
            encoding,
            invalid,
        )
    _, median, far = np.percentile(values, PERCENTILES)
    found = _of_integers if whole else _of_floats
    unit, why = found(looks, folder, float(median), float(far))
    if unit is None:
        low, high = float(values.min()), float(values.max())
        raise FolderError(
            f'{where}: depth values of {low:.4g} to {high:.4g} (median '
            f'{median:.4g}): {why}; {ASK}'
        )
    return Unit(unit, why, encoding, invalid)


def _turn_back(values: np.ndarray) -> np.ndarray:
    """SUN RGB-D's 16 bits, see `read_depth`."""
    plain = values.astype(np.uint16)
    return ((plain >> 3) | (plain << 13)).astype(np.float64)


def _of_integers(
    looks: Sequence[Look], folder: Path, median: float, far: float
) -> tuple[float | None, str]:
    """File units per metre of whole numbers, or None, and why."""
    name = f'{folder.name}/{looks[0].path}'.lower()
    height, width = looks[0].size
    sparse = float(np.mean([look.valid for look in looks])) < SPARSE
    says = f'median {median:.0f} in whole numbers'
    wide = width >= WIDE * height
    kitti = 'by the name' if 'kitti' in name else 'sparse and wide'
    if ('kitti' in name or (wide and sparse)) and _is_scene(
        median / KITTI, far / KITTI, FARTHEST
    ):
        return KITTI, f'1/256 m as KITTI: {says}, {kitti}'
    if all(look.fives for look in looks) and _is_scene(
        median / TUM, far / TUM, FARTHEST_INDOORS
    ):
        return TUM, f'1/5000 m as TUM: {says}, all multiples of 5'
    by_name = re.search(r'(?<![a-z])(tum|freiburg\d?)(?![a-z])', name)
    if by_name and _is_scene(median / TUM, far / TUM, FARTHEST_INDOORS):
        return TUM, f'1/5000 m as TUM, by the name: {says}'
    metres = median / MILLIMETRES, far / MILLIMETRES
    # Renderings of streets have centimetres.
    near = NEAREST_OF_MILLIMETRES
    if _is_scene(*metres, FARTHEST_INDOORS, near) and not wide:
        return MILLIMETRES, f'millimetres: {says}, {metres[0]:.3g} m'
    if far < 2 * near * MILLIMETRES:
        return None, 'millimetres of something near, or centimetres'
    return None, (
        f'as millimetres up to {metres[1]:.3g} m, as 1/256 m (KITTI) up to '
        f'{far / KITTI:.3g} m, as 1/5000 m (TUM) up to {far / TUM:.3g} m'
    )


def _of_floats(
    looks: Sequence[Look], folder: Path, median: float, far: float
) -> tuple[float | None, str]:
    """File units per metre of floats, or None, and why."""
    says = f'median {median:.3g} in floats'
    if far <= 1:
        return None, 'metres of something near, or scaled to 0..1'
    near = NEAREST_OF_FLOATS
    if _is_scene(median, far, FARTHEST, near) and median <= FARTHEST / 4:
        return METRES, f'metres: {says}'
    metres = median / MILLIMETRES, far / MILLIMETRES
    if _is_scene(*metres, FARTHEST_INDOORS) and median > FARTHEST:
        return MILLIMETRES, f'millimetres: {says}, {metres[0]:.3g} m'
    return None, (
        f'as metres up to {far:.3g} m, as millimetres up to {metres[1]:.3g} m'
    )


def _is_scene(
    median: float, far: float, farthest: float, nearest: float = NEAREST
) -> bool:
    return nearest <= median and 2 * nearest <= far <= farthest


def invalid_values(looks: Sequence[Look]) -> tuple[float, ...]:
    """Values that mean "none": of the type's end, or far beyond the rest."""
    values = [look.values for look in looks]
    found: list[float] = []
    while len(found) < 3:
        top = max((float(v.max()) for v in values if v.size), default=0.0)
        peak = join_peaks([*map(peak_of, values)])
        # In files of metres no value is at the end of a 16-bit type.
        whole = all(look.dtype.kind in 'ui' for look in looks)
        is_end = whole and top in TYPE_MAXIMA
        if not (is_end or describe_peak(peak, 1.0)):
            break
        found.append(top)
        values = [_without(v, (top,)) for v in values]
    return tuple(found)


def _without(values: np.ndarray, invalid: Sequence[float]) -> np.ndarray:
    return values[~np.isin(values, invalid)]


def describe_format(looks: Sequence[Look]) -> str:
    """'16-bit PNG', 'npy of float32'."""
    suffix = PurePosixPath(looks[0].path).suffix.lower().lstrip('.')
    dtype = looks[0].dtype
    if suffix in ('npy', 'npz'):
        return f'{suffix} of {dtype}'
    kind = 'float' if dtype.kind == 'f' else 'bit'
    bits = 8 * dtype.itemsize
    name = 'TIFF' if suffix in ('tif', 'tiff') else suffix.upper()
    return f'{bits}-bit {"float " if kind == "float" else ""}{name}'
