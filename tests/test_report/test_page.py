"""Which sections there are, for which model."""

import re
from html import unescape

import pytest
from reported import change_config, make_run

from xnet_mm.report import write_report

COMMON = ['Training data', 'Learning curves']
END = ['A picture to share', 'How it was made']
CLASSES = ['Classes', 'Confusion']
DEPTH = ['Depth by protocol', 'Error by distance']


@pytest.fixture(scope='module')
def page_of(tmp_path_factory):
    made = {}

    def page(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            run = make_run(folder, kind)
            if kind == 'both':
                metrics = [
                    dict(type='xnet_mm.GridContrast', cells=(8,)),
                    dict(type='IoUMetric'),
                ]
                change_config(run, val_evaluator=metrics)
            made[kind] = write_report(run, folder / 'p.html').read_text()
        return made[kind]

    return page


@pytest.mark.parametrize(
    ('kind', 'headings'),
    [
        (
            'segmentation',
            [
                *(*COMMON, *CLASSES, 'The worst images', 'Boundaries'),
                *('Confidence', *END),
            ],
        ),
        (
            'depth',
            [*COMMON, *DEPTH, 'The worst images', 'Boundaries', *END],
        ),
        (
            'both',
            [
                *(*COMMON, *CLASSES, *DEPTH, 'The worst images, classes'),
                *('The worst images, depth', 'Boundaries', 'Confidence'),
                *END,
            ],
        ),
    ],
)
def test_sections(page_of, kind, headings):
    assert re.findall('<h2>(.*?)</h2>', page_of(kind)) == headings


def test_boundaries_say_how_to_read_them(page_of):
    page = page_of('segmentation')
    boundaries = page[page.index('<h2>Boundaries') :].partition('</sec')[0]
    assert re.search(
        r'boundary_IoU</td><td>IoU in %.*?>\d+\.\d\d<', boundaries
    )
    assert 'The band is 0.5 % of the image diagonal wide, near is' in unescape(
        boundaries
    )
    depth = page_of('depth')
    assert re.search(r'dbe_accuracy</td>.*?>(\d+\.\d\d|–)<', depth)
    assert re.search(
        r'grid_contrast_8</td><td>how much more.*?>\d+\.\d{3}<',
        page_of('both'),
    )


def test_what_worst_means(page_of):
    assert 'By mIoU over the classes of its truth or' in page_of(
        'segmentation'
    )
    assert 'By AbsRel, the worst first' in page_of('depth')
    both = page_of('both')
    assert 'By AbsRel, the worst first' in both
    assert 'By mIoU over the classes' in both


def test_pages_are_small(page_of):
    for kind in ('segmentation', 'depth', 'both'):
        assert len(page_of(kind)) < 3_000_000
