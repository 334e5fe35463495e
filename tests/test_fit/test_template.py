"""The gaps of the template are those that are filled."""

import re

import pytest

from xnet_mm.fit.template import DEPTH, EVALUATORS, HEAD, SEGMENTATION, TAIL

GAP = re.compile(r'{(\w+)}')


@pytest.mark.parametrize(
    ('part', 'gaps'),
    [
        (HEAD, {'understood', 'bases', 'weights', 'crop_size', 'scale'}),
        (SEGMENTATION, {'class_weight', 'num_classes'}),
        (DEPTH, {'max_depth'}),
        (EVALUATORS, set()),
    ],
)
def test_gaps(part, gaps):
    assert set(GAP.findall(part)) == gaps


@pytest.mark.parametrize('part', [DEPTH, EVALUATORS])
def test_a_part_is_code_when_its_gaps_are_filled(part):
    compile(GAP.sub('x = 1', part), 'part', 'exec')


def test_the_tail_uses_what_it_assigns():
    for name in ('train_data', 'val_data', 'test_data', 'batch_size'):
        assert f'{{{name}}}' in TAIL
        assert TAIL.count(name) >= 2
