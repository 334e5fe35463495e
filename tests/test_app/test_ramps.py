"""Ramps are found; floors, walls and slopes are none."""

import numpy as np
import pytest

from xnet_mm.app.ramps import find_ramps

HEIGHT, WIDTH, FOCAL = 120, 200, 170.0


def test_a_wall_and_what_is_not_known():
    depth = np.full((HEIGHT, WIDTH), 3.0, np.float32)
    assert not find_ramps(depth, FOCAL).any()
    depth[:] = np.nan
    find_ramps(depth, FOCAL)  # without a warning


@pytest.mark.parametrize('height', [0.5, 1.5, 10.0])
def test_a_floor_to_the_horizon_is_none(height):
    """Steep beyond 4 x height, by z = f h / v."""
    v = np.arange(2, HEIGHT + 2)[::-1]
    depth = np.repeat(FOCAL * height / v[:, None], WIDTH, 1)
    assert depth.max() > 4 * height  # rows that are steep
    assert not find_ramps(depth, FOCAL).any()


@pytest.mark.parametrize('transposed', [False, True])
@pytest.mark.parametrize('blur', [1, 3, 6])
def test_a_jump_that_was_smoothed(blur, transposed):
    """From 2 m to 5 m over `blur` pixels: those, and little else."""
    steps = np.clip((np.arange(WIDTH) - 100) / blur, 0, 1)
    depth = np.repeat((2 + 3 * steps)[None], HEIGHT, 0)
    found = find_ramps(depth.T if transposed else depth, FOCAL)
    found = found.T if transposed else found
    columns = np.flatnonzero(found.all(0))
    assert {*range(101, 100 + blur)} <= {*columns}
    assert found.any()
    assert columns.min() >= 99 and columns.max() <= 101 + blur
    assert not found[:, :98].any() and not found[:, 103 + blur :].any()
