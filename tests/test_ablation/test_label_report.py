"""The page, the picture and the numbers of fewer labels."""

import json
from fractions import Fraction

import pytest
from ablations import write_log

from xnet_mm.ablation.figures import NothingFinishedError
from xnet_mm.ablation.label_report import (
    LabelStudy,
    draw_labels,
    write_label_report,
)
from xnet_mm.ablation.plan import Run

QUARTER, ALL = Fraction(1, 4), Fraction(1)
MIOU = {
    QUARTER: {'net': [40, 42], 'random': [20, 22]},
    ALL: {'net': [50, 52], 'random': [49]},
}


@pytest.fixture
def runs(tmp_path):
    found = {Fraction(1, 8): [], QUARTER: [], ALL: []}
    for fraction in found:
        for stem in ('net', 'random'):
            for seed in range(2):
                place = f'{fraction.denominator}/{stem}/seed-{seed}'
                run = Run(f'{stem}.py', seed, tmp_path / place, 20)
                found[fraction].append(run)
                figures = MIOU.get(fraction, {}).get(stem, [])[seed:][:1]
                for figure in figures:
                    write_log(run.folder, dict(mIoU=figure, step=20))
    return found


def test_a_row_a_fraction_and_what_is_missing(runs, tmp_path):
    study = LabelStudy(runs, 10, 'net')
    path = write_label_report(study, tmp_path / 'mine', 'the command')
    lines = path.read_text().splitlines()
    for line in (
        '# Fewer labels: mine',
        '**7 of 12 runs finished**: 0 of 4 with 1/8, 4 of 4 with 1/4, 3 of 4 '
        'with 1.',
        '## mIoU ↑',
        '| labels | images | net | random | random − net |',
        '| 1/4 | 3 | 41.00 ± 1.41 | 21.00 ± 1.41 | '
        '-20.00 [-20.00, -20.00] (-48.8 %), 0/2 |',
        '| 1 | 10 | 51.00 ± 1.41 | 49.00 | -1.00 (-2.0 %), 0/1 |',
        '- **random** against net: worse in mIoU (worse in 2 of 2).',
        '```sh',
        'the command',
    ):
        assert line in lines
    numbers = json.loads(path.with_suffix('.json').read_text())
    assert [*numbers] == ['1/4', '1']
    assert numbers['1/4']['images'] == 3
    assert numbers['1']['runs']['random'] == {'0': {'mIoU': 49}}
    assert path.with_suffix('.png').read_bytes()[:4] == b'\x89PNG'


def test_curves_over_the_number_of_images(runs):
    figure = draw_labels(LabelStudy(runs, 10, 'net'))
    curve = figure.axes[0]
    assert curve.lines[0].get_xydata().tolist() == [[3, 41], [10, 51]]
    assert curve.get_xlabel().startswith('training images (')


def test_nothing_finished(runs):
    part = {Fraction(1, 8): runs[Fraction(1, 8)]}
    with pytest.raises(NothingFinishedError, match='run of any fraction'):
        LabelStudy(part, 10, 'net')
