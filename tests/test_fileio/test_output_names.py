"""Names of outputs: no two alike, whatever the inputs are called."""

from itertools import permutations
from pathlib import Path

import pytest

from xnet_mm.fileio.output_names import common_folder, output_names


@pytest.mark.parametrize(
    ('paths', 'wanted'),
    [
        # folders stay, and the suffix where it tells two apart
        (
            ['a.png', 's/b.png', 's/b.bmp', 's/a.png'],
            ['a', 's/b.png', 's/b.bmp', 's/a'],
        ),
        (['a.jpg', 'a.png', 'a.jpg.png'], ['a.jpg', 'a.png', 'a.jpg.png']),
        # a name that is free keeps what looks like a suffix
        (['a.b.jpg', 'a.c.jpg', 'a.jpg'], ['a.b', 'a.c', 'a']),
        (['a', 'a.jpg', 'a.jpg.jpg'], ['a', 'a.jpg', 'a.jpg.jpg']),
        (
            ['x.png', 'x.tif', 'x.png.tif', 'x.png.tif.bmp', 'y.bmp'],
            ['x.png', 'x.tif', 'x.png.tif', 'x.png.tif.bmp', 'y'],
        ),
        (['d/.a', 'd/.a.png', 'e.f/a.png'], ['d/.a', 'd/.a.png', 'e.f/a']),
    ],
)
def test_names_are_unique_in_any_order(paths, wanted):
    root = Path('in')
    for order in permutations(zip(paths, wanted, strict=True)):
        inputs = [root / path for path, _ in order]
        names = output_names(inputs, root)
        assert [names[p].as_posix() for p in inputs] == [w for _, w in order]


def test_equal_names_of_two_folders():
    names = output_names(['a/x/1.jpg', 'a/y/1.jpg', '../b/1.jpg'])
    here = Path.cwd().name
    assert {str(k): str(v) for k, v in names.items()} == {
        'a/x/1.jpg': f'{here}/a/x/1',
        'a/y/1.jpg': f'{here}/a/y/1',
        '../b/1.jpg': 'b/1',
    }
    # Below the innermost folder that is above all.
    names = output_names(['a/x/1.jpg', 'a/y/1.jpg'])
    assert [*map(str, names.values())] == ['x/1', 'y/1']


def test_a_root_that_is_not_above_is_not_used():
    (name,) = output_names(['a/1.jpg'], 'b').values()
    assert str(name) == '1'
    (name,) = output_names(['a/b/1.jpg'], 'a').values()
    assert str(name) == 'b/1'


def test_one_input_twice_is_one():
    names = output_names(['a/1.jpg', 'a/../a/1.jpg', './a/1.jpg'], 'a')
    assert {str(name) for name in names.values()} == {'1'}
    assert output_names([]) == {}


def test_the_folder_above_all():
    assert common_folder(['a/b', 'a/c/d']) == Path('a').absolute()
    assert common_folder(['a/b', 'a/b']) == Path('a/b').absolute()
    assert common_folder([]) == Path('/')
