"""16-bit depth files by hand."""

import cv2
import numpy as np
import pytest

from xnet_mm.fileio.depth_png import (
    check_range,
    describe_limit,
    encode_depth,
    to_units,
)


def test_encode_depth_by_hand():
    depth = np.array([[0.0, 0.0006, 1.2344, 1.2346, 65.5351, 70]])
    data, clipped = encode_depth(depth, 1000, 'x.png')
    units = cv2.imdecode(np.frombuffer(data, np.uint8), -1)
    assert units.tolist() == [[1, 1, 1234, 1235, 65535, 65535]]
    assert clipped == 2
    depth[0, 1:3] = np.nan, np.inf
    with pytest.raises(ValueError, match=r'^x\.png: 2 of 6 .* NaN or inf'):
        encode_depth(depth, 1000, 'x.png')


def test_to_units_by_hand():
    # float32: 16.7 * 256 is 4275.2 and not what 24 bits make of it.
    depth = np.array([[0.0, 0.001, 16.7, 255.996, 256.0]], np.float32)
    units, clipped = to_units(depth, 256)
    assert units.dtype == np.uint16
    assert units.tolist() == [[1, 1, 4275, 65535, 65535]]
    assert clipped == 3  # 0, a quarter of a unit, and 65536


def test_limit_in_metres():
    text = describe_limit(1000)
    assert text.startswith('A 16-bit file x 1000 holds 0.001 to 65.535 m')


@pytest.mark.parametrize('scale', [float('nan'), float('inf'), 0, -1, '256'])
def test_no_file_is_written_at_such_a_scale(scale):
    with pytest.raises(ValueError, match='wanted a finite number from'):
        encode_depth(np.ones((2, 2), np.float32), scale, 'a.png')


@pytest.mark.parametrize('scale', [1.5, 1e-5, 2e5, 1e9])
def test_a_scale_that_leaves_nothing_of_the_range(scale):
    with pytest.raises(ValueError, match=r'fit max_depth 10 m.*at most 6554'):
        check_range(10.0, scale)


@pytest.mark.parametrize('scale', [2, 256, 1000, 6554, 60000])
def test_a_scale_that_holds_a_sixteenth_or_more(scale):
    check_range(10.0, scale)
