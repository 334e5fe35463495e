"""Units that are guessed from values, and said."""

from pathlib import Path

import numpy as np
import pytest

from xnet_mm.fit.folder.depth import (
    describe_format,
    find_unit,
    invalid_values,
    look_at,
)
from xnet_mm.fit.folder.terms import FolderError

RNG = np.random.default_rng(0)
METRES = RNG.gamma(4, 0.6, (40, 60)) + 0.4  # a room: median 2.6 m
STREET = RNG.gamma(2, 8, (40, 160)) + 3


def look(tmp_path, values):
    np.save(tmp_path / 'a.npy', values)
    return look_at(tmp_path, 'a.npy')


def unit(tmp_path, values, folder='mine', **options):
    return find_unit([look(tmp_path, values)], Path(folder), **options)


def sparse(values):
    return np.where(RNG.random(values.shape) < 0.2, values, 0)


@pytest.mark.parametrize(
    ('values', 'folder', 'scale', 'why'),
    [
        ((METRES * 1000).astype(np.uint16), 'mine', 1000, 'millimetres: med'),
        ((METRES * 1000).astype(np.int32), 'mine', 1000, 'millimetres'),
        ((METRES * 1000).astype(np.float32), 'mine', 1000, 'millimetres'),
        (METRES.astype(np.float32), 'mine', 1, 'metres: median'),
        (STREET.astype(np.float64), 'mine', 1, 'metres'),
        ((STREET * 256).astype(np.uint16), 'my_kitti', 256, 'by the name'),
        (sparse(STREET * 256).astype(np.uint16), 'mine', 256, 'sparse and'),
        ((METRES * 1000).astype(np.uint16) * 5, 'mine', 5000, 'multiples of'),
        ((METRES * 5000).astype(np.uint16), 'tum_desk', 5000, 'by the name'),
    ],
)
def test_units(tmp_path, values, folder, scale, why):
    found = unit(tmp_path, values, folder)
    assert found.scale == scale and why in found.why


def test_the_unit_that_is_given(tmp_path):
    found = unit(tmp_path, (METRES * 100).astype(np.uint16), scale=100.0)
    assert (found.scale, found.why) == (100, 'as given')


@pytest.mark.parametrize(
    'values',
    [
        (METRES * 100).astype(np.uint16),
        (METRES * 10000).astype(np.uint16),
        (STREET * 100).astype(np.uint16),  # wide and dense: a rendering
        (METRES * 100).astype(np.float32),
        (METRES / METRES.max()).astype(np.float32),
    ],
)
def test_units_that_are_asked_for(tmp_path, values):
    with pytest.raises(FolderError, match=r'a\.npy: depth values .*--depth-s'):
        unit(tmp_path, values)


def test_values_of_sun_rgbd(tmp_path):
    plain = (METRES * 1000).astype(np.uint16)
    turned = (plain << 3) | (plain >> 13)
    found = unit(tmp_path, turned)
    assert (found.encoding, found.scale) == ('rotate3', 1000)
    looks = [look(tmp_path, turned)]
    median = np.median(plain) / 1000
    assert found.metres(looks)[1] == pytest.approx(median, rel=1e-3)


def test_invalid_values(tmp_path):
    values = (METRES * 1000).astype(np.uint16)
    values[:2], values[2, :3] = 0, 65535
    found = unit(tmp_path, values)
    assert found.invalid == (65535,)
    looks = [look(tmp_path, values)]
    assert found.valid_share(looks) == pytest.approx(1 - 123 / 2400)
    assert found.metres(looks)[2] < 20
    sky = METRES.astype(np.float32)
    sky[:5] = 10000
    assert invalid_values([look(tmp_path, sky)]) == (10000,)
    nothing = METRES.astype(np.float32)
    nothing[0] = np.inf
    nothing[1] = np.nan
    nothing[2] = -1
    found = look(tmp_path, nothing)
    assert found.valid == pytest.approx(1 - 3 / 40)
    assert invalid_values([found]) == ()


def test_formats(tmp_path):
    found = look(tmp_path, METRES.astype(np.float32))
    assert describe_format([found]) == 'npy of float32'
