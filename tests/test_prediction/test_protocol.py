"""The protocol that a config evaluates by."""

import pytest

from xnet_mm.prediction.protocol import protocol_of

NYU = dict(type='xnet_mm.DepthProtocolMetric', protocol='nyu_eigen')


@pytest.mark.parametrize(
    ('evaluator', 'protocol'),
    [
        (NYU, 'nyu_eigen'),
        ([dict(type='IoUMetric'), NYU], 'nyu_eigen'),
        (dict(type='xnet_mm.DepthEvaluator', metrics=[NYU]), 'nyu_eigen'),
        (dict(type='DepthProtocolMetric'), 'custom'),
        (dict(type='IoUMetric'), None),
        (None, None),
    ],
)
def test_the_first_that_is_named(evaluator, protocol):
    assert protocol_of(dict(test_evaluator=evaluator)) == protocol


def test_that_of_the_validation():
    assert protocol_of(dict(val_evaluator=NYU)) == 'nyu_eigen'
    assert protocol_of({}) is None
