from collections import Counter
from pathlib import Path

import pytest

from xnet_mm.fit.folder.codes import Look
from xnet_mm.fit.folder.labels import check_size, find_style
from xnet_mm.fit.folder.legend import Entry, Legend
from xnet_mm.fit.folder.terms import FolderError

GREYS = Legend(
    'class_dict.csv',
    (Entry('a', 0, (0, 0, 0)), Entry('b', 1, (100, 100, 100))),
)


def look(counts, coloured=False, lossy=False, palette=()):
    counts = Counter(counts)
    return Look('masks/a.png', (9, 9), counts, coloured, lossy, palette)


@pytest.mark.parametrize(
    ('looks', 'kind', 'reading'),
    [
        ([look({0: 1, 1: 2, 255: 3})], 'ids', 'values'),
        ([look({0: 1, 1: 2})], 'ids', 'values'),
        ([look({0: 1}), look({0: 1, 255: 3})], 'binary 0/255', 'ends'),
        (
            [look({0: 90, 255: 90, **dict.fromkeys(range(1, 20), 0.1)})],
            'binary 0/255',
            'threshold',
        ),
        ([look({0: 90, 254: 90}, lossy=True)], 'binary 0/255', 'threshold'),
        ([look({0: 9}), look({0xFF0000: 9}, True)], 'colours', 'colours'),
    ],
)
def test_kinds(looks, kind, reading):
    style, _ = find_style(looks, [])
    assert (style.kind, style.reading) == (kind, reading)


def test_grey_levels_that_a_file_names_are_colours():
    style, counts = find_style([look({0: 5, 100: 4})], [GREYS])
    assert style.kind == 'colours'
    assert counts == {0: 5, 0x646464: 4}
    assert style.classes(counts, Path()).names == ('a', 'b')


def test_errors():
    for wrong, text in (
        ([look({0xFF0000: 1}, True, lossy=True)], 'colours in a JPEG'),
        ([look({0: 1, 3: 2}, lossy=True)], 'a JPEG, which alters ids'),
        ([look(dict.fromkeys(range(200), 1))], '200 different values a file'),
        ([look(dict.fromkeys(range(300), 1), True)], '300 colours in 1 files'),
    ):
        with pytest.raises(FolderError, match=text):
            find_style(wrong, [])


def test_sizes():
    paths = Path('m.png'), Path('i.jpg')
    check_size((3, 4), (3, 4), *paths)
    with pytest.raises(
        ValueError, match=r'm.png: 4x3 pixels, but i.jpg has 4x5'
    ):
        check_size((3, 4), (5, 4), *paths)
    with pytest.raises(ValueError, match='save it upright'):
        check_size((3, 4), (4, 3), *paths)
