"""One value that fills much of the depth maps: is it a depth at all?

Cameras and renderers write "none" not only as 0: the largest value of the
type (65535), or one that lies far beyond the scene. Read as depth it becomes
truth, and a model learns it.
"""

from typing import NamedTuple

import numpy as np

SHARE = 0.05  # of the known pixels; a saturated corner has less
FAR = 10  # times all other depths
TYPE_MAXIMA = (2**15 - 1, 2**16 - 1, 2**31 - 1, 2**32 - 1)
# Millimetres, KITTI, TUM, centimetres, metres.
USUAL_SCALES = (1000.0, 256.0, 5000.0, 100.0, 1.0)


class Peak(NamedTuple):
    """The largest value of some depth maps.

    Attributes:
        value: metres; 0 where nothing is known.
        pixels: how many have it.
        known: pixels with a depth at all.
        below: the largest of the others, metres; 0 where there are none.
    """

    value: float = 0.0
    pixels: int = 0
    known: int = 0
    below: float = 0.0


def peak_of(depth: np.ndarray) -> Peak:
    """The largest value of a map in metres, of any shape; 0 = none."""
    valid = depth[depth > 0]
    if not valid.size:
        return Peak()
    value = valid.max()
    others = valid[valid < value]
    below = float(others.max()) if others.size else 0.0
    pixels = valid.size - others.size
    return Peak(float(value), pixels, valid.size, below)


def join_peaks(peaks: list[Peak]) -> Peak:
    """The peak of several maps together."""
    value = max((p.value for p in peaks), default=0.0)
    others = [p.below if p.value == value else p.value for p in peaks]
    return Peak(
        value,
        sum(p.pixels for p in peaks if p.value == value),
        sum(p.known for p in peaks),
        max(others, default=0.0),
    )


def describe_peak(peak: Peak, scale: float) -> str:
    """Why the peak may mean "none", and what to do; '' where it may not.

    Args:
        peak: of the maps looked at.
        scale: file units per metre.
    """
    if not peak.known or peak.pixels <= SHARE * peak.known:
        return ''
    units: float = peak.value * scale
    largest = [m for m in TYPE_MAXIMA if np.isclose(units, m, rtol=1e-6)]
    others = [65535 / usual for usual in USUAL_SCALES]
    if largest:
        units = largest[0]
        reason = "the largest value of the file's type"
    elif np.isclose(peak.value, others, rtol=1e-6).any():
        reason = 'which 65535 of a 16-bit file becomes'
    elif peak.below and peak.value >= FAR * peak.below:
        reason = f'far above all others (up to {peak.below:.4g} m)'
    else:
        return ''
    return (
        f'{peak.pixels / peak.known:.0%} of the known pixels are '
        f'{peak.value:.6g} m ({units:.10g} in the files), {reason}. If that '
        f'means "none", set invalid_values=({units:.10g},) of the data set'
    )
