"""Pieces of a page; whatever text comes in stays text."""

from html.parser import HTMLParser

import pytest

from xnet_mm.report import markup
from xnet_mm.report.pictures import Shown

HOSTILE = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;"


class Reader(HTMLParser):
    """Tags with attributes, and the text that a browser shows."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.shown, self.attributes = [], '', []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.shown += data


ONE = Shown(HOSTILE, HOSTILE, {HOSTILE: b'jpeg'})
PIECES = {
    'paragraph': lambda t: markup.paragraph(t),
    'bullets': lambda t: markup.bullets([t]),
    'facts': lambda t: markup.facts({t: t}),
    'tiles': lambda t: markup.tiles({t: t}),
    'table': lambda t: markup.table([t, t], [[t, t]]),
    'bars': lambda t: markup.bars([t, t], [(t, (1, 2, 3), [t], 0.5)]),
    'legend': lambda t: markup.legend([(t, (1, 2, 3))]),
    'image': lambda t: markup.image(b'', 'png', t) + markup.text(t),
    'charts': lambda t: markup.charts([(t, b'')]) + markup.text(t),
    'strip': lambda t: markup.strip([ONE]),
    'rows': lambda t: markup.rows_of_panels([ONE]),
    'folded': lambda t: markup.folded(t, ''),
    'code': lambda t: markup.code(t),
    'document': lambda t: markup.document(t, {'': '', t: ''}),
}


@pytest.mark.parametrize('piece', PIECES)
def test_a_hostile_text_is_shown_and_does_nothing(piece):
    found, plain = (Reader(PIECES[piece](t)) for t in (HOSTILE, 'x'))
    if piece not in ('strip', 'rows'):
        assert found.tags == plain.tags
    assert 'script' not in found.tags
    assert not [n for n, _ in found.attributes if n.startswith('on')]
    assert HOSTILE in found.shown


def test_a_page_allows_no_script_and_no_network():
    page = markup.document('t', {'': 'head', 'One': '1', 'Two': '2'})
    attributes = Reader(page).attributes
    assert ('content', markup.POLICY) in attributes
    assert markup.POLICY.startswith("default-src 'none'")
    assert '<a href="#s1">Two</a>' in page
    assert '<section id="s1"><h2>Two</h2>2</section>' in page


def test_bars_are_cut_to_the_whole():
    rows = [('a', None, ['1'], 2.0), ('b', (0, 300, -1), ['2'], -1.0)]
    found = markup.bars(['name', 'figure'], rows)
    assert '<span style="width:100.00%"></span>' in found
    assert '<span style="width:0.00%;background:rgb(0 255 0)"></span>' in found


def test_numbers_are_to_the_right_of_names():
    found = markup.table(['a', 'b', 'c'], [['x', 'y', '1']], 2)
    assert '<td>x</td><td>y</td><td class="num">1</td>' in found


def test_pictures_lie_within_the_page():
    found = markup.image(b'abc', 'jpeg', 'what')
    assert found == ('<img alt="what" src="data:image/jpeg;base64,YWJj">')


def test_no_bullets_of_nothing():
    assert markup.bullets([]) == ''
