"""Depth boundary error: steps by hand, and loops over all pixels."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from xnet_mm.evaluation.depth_boundary_error import (
    FARTHEST,
    HIGH,
    LOW,
    SIGMA,
    depth_boundary_error,
    depth_edges,
)


def step(column, height=40, width=60):
    """A wall at 2 m and from a column on one at 4 m."""
    depth = torch.full((height, width), 2.0)
    depth[:, column:] = 4.0
    return depth


@pytest.mark.parametrize('shift', [0, 3, -4, 9])
def test_a_step_that_is_some_pixels_off(shift):
    """Every edge pixel has its partner `shift` columns away."""
    found = depth_boundary_error(step(30 + shift), step(30))
    assert found == pytest.approx((abs(shift),) * 2, abs=1e-5)


def test_a_step_too_far_off_or_missing():
    assert depth_boundary_error(step(45), step(30)) == (FARTHEST, FARTHEST)
    flat = torch.ones(40, 60)
    assert depth_boundary_error(flat, step(30)) == (FARTHEST, FARTHEST)
    assert depth_boundary_error(step(30), flat) is None
    assert depth_boundary_error(step(30), torch.zeros(40, 60)) is None


def test_what_is_made_up_counts_for_completeness():
    pred = step(30)
    pred[:, :12] = 1.0  # a second edge, 18 columns from the true one
    accuracy, completeness = depth_boundary_error(pred, step(30))
    # 40 rows: true 0, found 0, made up 10.
    assert accuracy == pytest.approx(0)
    assert completeness == pytest.approx(10 / 3)


def test_another_scale_and_shift_are_the_same_edges():
    pred = step(32)
    assert depth_boundary_error(3 * pred + 1, step(30)) == (
        depth_boundary_error(pred, step(30))
    )


def test_a_soft_edge_is_where_its_middle_is():
    """A ramp of 4 pixels, which no jump from pixel to pixel would show."""
    ramp = torch.clamp(torch.arange(60) / 2 - 12, 2, 4).expand(40, 60)
    accuracy, completeness = depth_boundary_error(ramp, step(30))
    assert accuracy <= 1 and completeness <= 1


def test_unknown_pixels_make_no_edge_and_hide_those_beside_them():
    truth = step(30)
    truth[:, 40:50] = 0  # a hole in the far wall, away from the edge
    assert depth_boundary_error(step(33), truth) == pytest.approx((3, 3))
    truth[:, 25:40] = 0  # over the edge
    assert depth_boundary_error(step(33), truth) is None


def slow_edges(depth):
    """Canny as in the books: SciPy's gradients, loops for the rest."""
    field = depth.numpy().astype(np.float64)
    field = (field - field.min()) / (field.max() - field.min())
    field = ndimage.gaussian_filter(field, SIGMA, mode='mirror')
    dx, dy = (ndimage.sobel(field, axis, mode='nearest') for axis in (1, 0))
    size = np.hypot(dx, dy)
    height, width = size.shape
    thin = np.zeros(size.shape, bool)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if size[y, x] <= LOW:
                continue
            angle = np.rad2deg(np.arctan2(dy[y, x], dx[y, x])) % 180
            by, bx = ((0, 1), (1, 1), (1, 0), (1, -1))[
                int((angle + 22.5) // 45) % 4
            ]
            a, b = size[y + by, x + bx], size[y - by, x - bx]
            thin[y, x] = size[y, x] >= a and size[y, x] >= b
    groups = ndimage.label(thin, np.ones((3, 3)))[0]
    strong = np.unique(groups[thin & (size > HIGH)])
    return np.isin(groups, strong[strong > 0])


def test_edges_are_canny_s_of_the_books():
    """Up to ties and the border, which every Canny treats in its own way."""
    torch.manual_seed(0)
    blobs = torch.nn.functional.interpolate(
        torch.rand(1, 1, 6, 8), size=(60, 80), mode='bicubic'
    )[0, 0]
    blobs[20:40, 10:50] += 1.0
    ours = depth_edges(blobs)[2:-2, 2:-2]
    slow = slow_edges(blobs)[2:-2, 2:-2]
    assert slow.sum() > 50
    grown = [ndimage.binary_dilation(e, np.ones((3, 3))) for e in (ours, slow)]
    assert (ours & ~grown[1]).sum() <= 0.02 * ours.sum()
    assert (slow & ~grown[0]).sum() <= 0.02 * slow.sum()
