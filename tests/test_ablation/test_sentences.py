"""What a comparison shows, in words."""

from pathlib import Path

import pytest
from ablations import write_log

from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.plan import Run
from xnet_mm.ablation.sentences import sentence

FIGURES = {
    'a': [(50, 1.0), (51, 1.1), (52, 1.2)],
    'b': [(40, 1.1), (41.1, 1.0), (42, 1.0)],
    'c': [(60, 1.0)],
}


@pytest.fixture
def ablation(tmp_path):
    runs = []
    for stem, seeds in FIGURES.items():
        for seed, (miou, contrast) in enumerate(seeds, stem == 'c' and 7):
            folder = tmp_path / stem / f'seed-{seed}'
            write_log(
                folder, dict(mIoU=miou, grid_contrast_4=contrast, step=20)
            )
            runs.append(Run(f'{stem}.py', seed, Path(folder), 20))
    return Ablation(runs, 'b')


def say(ablation, stem, base):
    names = dict(a='net', b='base', c='other')
    metrics = ['mIoU', 'grid_contrast_4']
    return sentence(ablation, names, stem, base, metrics)


def test_what_holds_and_what_does_not(ablation):
    assert say(ablation, 'a', 'b') == (
        '- **net** against base: better in mIoU (better in 3 of 3); not '
        'shown, as the interval contains 0 or there is none: '
        'grid_contrast_4 (worse in 2 of 3).'
    )
    assert say(ablation, 'b', 'a').startswith(
        '- **base** against net: worse in mIoU (worse in 3 of 3); not shown'
    )


def test_no_seed_in_common(ablation):
    assert say(ablation, 'c', 'b') == (
        '- **other** against base: no seed in common.'
    )
