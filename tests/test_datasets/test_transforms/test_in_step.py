"""Intrinsics follow pixels; depth of another size is refused."""

import numpy as np
import pytest

from xnet_mm.datasets.transforms.in_step import (
    check_in_step,
    move_intrinsics,
    resize_intrinsics,
)


class Move:
    """Stands for a transform."""


def test_sizes_that_are_equal_or_unknown():
    image = np.zeros((4, 6, 3))
    check_in_step(dict(img=image), Move())
    check_in_step(dict(img=image, gt_depth_map=np.zeros((4, 6))), Move())


def test_sizes_that_differ_are_named():
    results = dict(
        img=np.zeros((4, 6, 3)),
        gt_depth_map=np.zeros((5, 7)),
        depth_map_path='d.png',
    )
    with pytest.raises(
        ValueError,
        match=r'd\.png: Move got a depth map of 7x5 and an image of 6x4 \(wid',
    ):
        check_in_step(results, Move())


def test_intrinsics_by_hand():
    results = dict(intrinsics=(10.0, 20.0, 3.0, 4.0))
    move_intrinsics(results, scale=(2.0, 0.5), shift=(1.0, -2.0))
    assert results['intrinsics'] == (20.0, 10.0, 7.0, 0.0)
    move_intrinsics(results)
    assert results['intrinsics'] == (20.0, 10.0, 7.0, 0.0)
    for without in ({}, dict(intrinsics=None)):
        before = dict(without)
        move_intrinsics(without, shift=(1.0, 1.0))
        assert without == before


@pytest.mark.parametrize('scale', [(0.5, 0.5), (3.0, 0.25), (1.0, 1.0)])
def test_a_resize_keeps_the_rays_of_the_edges(scale):
    """The image spans -0.5 to size - 0.5 before and after."""
    before = (10.0, 20.0, 3.0, 4.0)
    results = dict(intrinsics=before)
    resize_intrinsics(results, scale)
    for axis in (0, 1):
        focal, centre = before[axis], before[2 + axis]
        new_focal = results['intrinsics'][axis]
        new_centre = results['intrinsics'][2 + axis]
        for edge in (0, 24):  # pixels from the image's edge
            ray = (edge - 0.5 - centre) / focal
            new_edge = edge * scale[axis] - 0.5
            assert (new_edge - new_centre) / new_focal == pytest.approx(ray)
