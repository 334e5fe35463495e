"""A value that fills the maps: named where it cannot be a depth."""

import numpy as np
import pytest

from xnet_mm.datasets.depth_spike import (
    Peak,
    describe_peak,
    join_peaks,
    peak_of,
)

ROOM = np.linspace(1, 9, 90)


def with_spike(value, pixels=10):
    return np.concatenate([ROOM, np.full(pixels, value), np.zeros(50)])


def test_the_peak_of_one_map_and_of_several():
    first, second = peak_of(with_spike(65.5, 3)), peak_of(with_spike(12))
    assert first == Peak(65.5, 3, 93, 9)
    assert second == Peak(12, 10, 100, 9)
    assert join_peaks([first, second]) == Peak(65.5, 3, 193, 12)
    assert join_peaks([first, first]) == Peak(65.5, 6, 186, 9)
    assert peak_of(np.zeros(3)) == join_peaks([]) == Peak()
    assert peak_of(np.full(4, 2.0)) == Peak(2, 4, 4, 0)


@pytest.mark.parametrize(
    ('value', 'scale', 'reason'),
    [
        (65.535, 1000, '65535 in the files), the largest value'),
        (65535 / 256, 256, '65535 in the files), the largest value'),
        (32.767, 1000, '32767 in the files), the largest value'),
        (2147483.647, 1000, '2147483647 in the files), the largest value'),
        (65.535, 1, 'which 65535 of a 16-bit file becomes'),
        (1e10, 1, '1e+10 in the files), far above all others (up to 9 m)'),
        (100, 1, 'far above all others'),
    ],
)
def test_a_spike_is_named_with_what_to_set(value, scale, reason):
    said = describe_peak(peak_of(with_spike(value)), scale)
    assert said.startswith('10% of the known pixels are ')
    assert reason in said and 'set invalid_values=(' in said


@pytest.mark.parametrize(
    ('value', 'pixels'),
    [
        (65.535, 4),  # few: something that shines
        (9.5, 60),  # a wall, or a camera that ends there
        (80, 60),
    ],
)
def test_what_may_be_a_depth(value, pixels):
    assert describe_peak(peak_of(with_spike(value, pixels)), 1000) == ''


def test_maps_that_are_alike_everywhere():
    assert describe_peak(peak_of(np.full(9, 5.0)), 1000) == ''
    assert describe_peak(Peak(), 1000) == ''
    said = describe_peak(peak_of(np.full(9, np.float32(65.535))), 1000)
    assert '100% of the known pixels are 65.535 m (65535 in' in said
