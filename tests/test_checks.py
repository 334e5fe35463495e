"""Numbers of configs and files: what compares as false is refused."""

import numpy as np
import pytest

from xnet_mm.checks import (
    are_ids,
    check_camera,
    check_matrix,
    check_number,
    check_positive,
    check_scale,
    check_whole,
)

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize('value', [NAN, INF, -INF, True, '3', None, [3], 1j])
def test_what_is_no_finite_number(value):
    with pytest.raises(ValueError, match=r'^x is .*wanted a finite number$'):
        check_number(value, 'x')


def test_bounds_of_numbers():
    assert check_number(np.float32(0.5), 'x') == 0.5
    assert check_positive(np.int64(2), 'x') == 2
    assert check_number(0, 'x', least=0) == 0
    assert check_scale(1000, 'x') == 1000.0
    for call, message in (
        (lambda: check_positive(0, 'x'), 'x is 0, .* number above 0'),
        (lambda: check_number(-1, 'x', least=0), 'x is -1, .* of 0 or more'),
        (lambda: check_number(2, 'x', least=0, most=1), 'number from 0 to 1'),
        (lambda: check_scale(1e-9, 's'), r's is 1e-09, .*1e-06 to 1000000000'),
        (lambda: check_scale(1e10, 's'), 's is 10000000000.0, wanted'),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_lists_of_ids():
    assert are_ids([0]) and are_ids((2, np.int64(0), 2))
    for value in ([], (), [-1], [0.0], [True], ['1'], '12', 3, None, {0: 1}):
        assert not are_ids(value)


def test_whole_numbers():
    assert check_whole(np.uint8(7), 'n', least=7, most=7) == 7
    for value in (2.0, True, '2', NAN, None, -1):
        with pytest.raises(ValueError, match=r'n is .*whole number of 0 or'):
            check_whole(value, 'n')
    with pytest.raises(ValueError, match='n is 9, wanted a whole number from'):
        check_whole(9, 'n', 1, 8)


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ((1, 2, 3), r'\(1, 2, 3\), wanted \(fx, fy, cx, cy\) in pixels'),
        (5, r'K is 5, wanted \(fx'),
        ((0, 1, 1, 1), 'fx is 0, wanted a finite number above 0'),
        ((1, NAN, 1, 1), 'fy is nan, wanted'),
        ((1, 1, INF, 1), 'cx is inf, wanted'),
        ((1, 1, 1, 'a'), "cy is 'a', wanted"),
        ('abcd', "fx is 'a', wanted"),
    ],
)
def test_cameras_that_are_none(values, message):
    with pytest.raises(ValueError, match=message):
        check_camera(values, 'K')


def test_cameras():
    assert check_camera([60, 50, -3, 0.5], 'K') == (60, 50, -3, 0.5)
    matrix = [[60, 0, 30], [0, 50, 20], [0, 0, 1]]
    assert check_matrix(matrix, 'K') == (60, 50, 30, 20)


@pytest.mark.parametrize('place', [(0, 1), (1, 0), (2, 0), (2, 1), (2, 2)])
@pytest.mark.parametrize('value', [0.5, NAN])
def test_a_matrix_with_skew(place, value):
    matrix = np.array([[60.0, 0, 30], [0, 50, 20], [0, 0, 1]])
    matrix[place] = value
    with pytest.raises(ValueError, match=r'K\.txt: wanted the camera .*skew'):
        check_matrix(matrix.tolist(), 'K.txt')
