"""Scores of a head as probabilities."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.scores import class_numbers, class_probabilities


def sample(scores):
    return SegDataSample(seg_logits=PixelData(data=scores))


def test_logits():
    scores = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(0))
    found = class_probabilities(sample(scores), True)
    torch.testing.assert_close(found, scores.softmax(0), rtol=0, atol=0)
    half = class_probabilities(sample(scores.bfloat16()), True)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half.sum(0), torch.ones(2, 3))


def test_sums_of_probabilities():
    scores = torch.tensor([[[1.0, 0.0]], [[3.0, 0.0]]])
    found = class_probabilities(sample(scores), False)
    assert found.tolist() == [[[0.25, 0.0]], [[0.75, 0.0]]]


def test_one_channel():
    found = class_probabilities(sample(torch.tensor([[[0.25]]])), True)
    assert found.tolist() == [[[0.75]], [[0.25]]]


def test_numbers_of_classes():
    assert class_numbers(['b', 0, 'a'], ['a', 'b'], 2) == [1, 0, 0]
    assert class_numbers([], ['a', 'b'], 2) == []
    with pytest.raises(ValueError, match=r"classes='a', wanted a list: \['a"):
        class_numbers('a', ['a'], 1)
    message = r"there is no 'c' among the 2 of this model \(a, b\)"
    with pytest.raises(ValueError, match=message):
        class_numbers(['c'], ['a', 'b'], 2)
    with pytest.raises(ValueError, match=r'no 2 among .* \(numbers only\)'):
        class_numbers([2], [], 2)
