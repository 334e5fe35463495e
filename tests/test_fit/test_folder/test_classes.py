from collections import Counter
from pathlib import Path

import pytest

from xnet_mm.fit.folder.classes import Style, make_palette, name_classes
from xnet_mm.fit.folder.legend import Entry, Legend
from xnet_mm.fit.folder.terms import FolderError

HERE = Path('mine')


def named(counts, kind='ids', entries=None, palette=()):
    legend = Legend('classes.txt', tuple(entries)) if entries else None
    return name_classes(
        Counter(counts), kind, legend, palette, HERE, {7: 'm.png'}
    )


def test_ids_without_names():
    found = named({0: 5, 2: 1, 9: 1, 255: 3})
    assert found.mapping == {0: 0, 2: 1, 9: 2, 255: 255}
    assert found.names == ('class 0', 'class 2', 'class 9')
    assert 'numbered anew: 0 -> 0, 2 -> 1, 9 -> 2' in found.notes[0]
    assert named({0: 1, 1: 1}).notes == ()


@pytest.mark.parametrize('levels', [(0, 85, 170, 255), (0, 127, 255)])
def test_grey_levels(levels):
    found = named(dict.fromkeys(levels, 1))
    assert found.mapping == {v: i for i, v in enumerate(levels)}
    assert 'evenly spaced' in found.notes[0]


def test_names():
    entries = [Entry('b', 4), Entry('void', 0), Entry('a', 2, (1, 2, 3))]
    found = named({0: 1, 2: 1, 4: 1, 255: 1}, entries=entries)
    assert found.names == ('a', 'b')  # by id
    assert found.mapping == {0: 255, 2: 0, 4: 1, 255: 255}
    assert found.palette[0] == (1, 2, 3)
    assert found.notes == ('ignored, as it is no class: void',)


def test_a_name_without_pixels_stays_a_class():
    entries = [Entry(name, i) for i, name in enumerate('abc')]
    assert named({0: 1, 2: 1}, entries=entries).names == ('a', 'b', 'c')


def test_one_name_is_that_of_1():
    found = named({0: 5, 1: 2}, entries=[Entry('cat', 0)])
    assert found.names == ('background', 'cat')


def test_colours():
    entries = [Entry('a', 0, (0, 0, 1)), Entry('b', 1, (0, 1, 0))]
    counts = {0x000001: 600, 0x000100: 399, 0x112233: 1}
    found = named(counts, 'colours', entries)
    assert found.mapping == {0x000001: 0, 0x000100: 1, 0x112233: 255}
    assert '1 colours that classes.txt does not name' in found.notes[0]
    with pytest.raises(FolderError, match=r'10% of the pixels: \(17, 34, 51'):
        named(counts | {0x112233: 111}, 'colours', entries)


def test_the_lines_between_objects_of_voc_are_ignored():
    found = named({0: 5, 0xE0E0C0: 1, 0x800000: 3}, 'colours')
    assert found.names == ('colour #000000', 'colour #800000')
    assert found.mapping[0xE0E0C0] == 255


def test_binary():
    counts = {0: 5, 1: 5}
    white = Entry('cat', 0, (255, 255, 255))
    black = Entry('rest', 1, (0, 0, 0))
    assert named(counts, 'binary 0/255').names == ('background', 'foreground')
    found = named(counts, 'binary 0/255', [white, black])
    assert found.names == ('rest', 'cat')


def test_errors():
    for counts in ({3: 5}, {3: 5, 255: 1}):
        with pytest.raises(FolderError, match=r'mine: all .* \(class 3\)'):
            named(counts)
    with pytest.raises(FolderError, match=r'say the same \(nothing'):
        named({255: 5})
    with pytest.raises(FolderError, match='256 classes, at most 255'):
        named(dict.fromkeys([*range(255), 300], 1))


def test_palette():
    assert make_palette(4) == [
        *((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))
    ]
    assert len({*make_palette(255)}) == 255
    found = named({0: 1, 1: 1}, palette=[(9, 9, 8), (7, 7, 7)])
    assert found.palette == ((9, 9, 8), (7, 7, 7))
    assert named({0: 1, 1: 1}, palette=[(9, 9, 9), (7, 7, 7)]).palette == (
        *((0, 0, 0), (128, 0, 0)),
    )


def test_a_style_names_by_its_own_settings():
    style = Style('ids', 'values', None, ())
    assert style.classes(Counter({0: 1, 1: 1}), HERE).names == (
        *('class 0', 'class 1'),
    )


def test_ids_that_begin_at_one():
    entries = [Entry(name, i) for i, name in enumerate('abc')]
    found = named({1: 5, 3: 1, 255: 1}, entries=entries)
    assert [found.names[found.mapping[i]] for i in (1, 2, 3)] == [
        'a',
        'b',
        'c',
    ]
    assert found.notes == ('ids begin at 1: that is a',)
    # With a 0 it is not known which name is missing.
    with pytest.raises(
        FolderError, match=r'label id 3, but classes.txt names'
    ):
        named({0: 1, 1: 5, 3: 1}, entries=entries)


def test_a_file_is_named_where_it_is_known():
    entries = [Entry(name, i) for i, name in enumerate('abc')]
    with pytest.raises(FolderError, match=r'^mine/m\.png: label id 7, 9, but'):
        named({0: 1, 7: 5, 9: 1}, entries=entries)
