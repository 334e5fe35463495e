"""NaN and infinity are found wherever they hide, and named."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.fileio.finite import (
    check_finite,
    check_prediction,
    check_weights,
    describe_nonfinite,
    find_nonfinite,
    is_finite,
)

NAN, INF = float('nan'), float('inf')
LARGEST = torch.finfo(torch.float32).max


@pytest.mark.parametrize(
    ('values', 'finite'),
    [
        ([0.0, LARGEST, -LARGEST], True),  # their difference is not
        ([0.0, NAN, 1.0], False),
        ([INF, 0.0], False),
        ([0.0, -INF], False),
        ([NAN], False),
        ([], True),
    ],
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_by_hand(values, finite, dtype):
    x = torch.tensor(values, dtype=dtype)
    assert is_finite(x) is finite
    assert is_finite(x.requires_grad_()) is finite


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_overflows(dtype):
    assert is_finite(torch.tensor([6e4], dtype=dtype))
    assert not is_finite(torch.tensor([1e39]).to(dtype))


def test_whole_numbers_are_finite():
    assert is_finite(torch.tensor([2**62]))
    assert is_finite(torch.tensor([True]))


def test_wrong_depths_are_counted():
    check_finite(torch.ones(2, 1, 3), 'x.png', 'predicted depths')
    depth = torch.tensor([1.0, NAN, INF, -INF])
    with pytest.raises(ValueError, match=r'^x\.png: 3 of 4 predicted depths'):
        check_finite(depth, 'x.png', 'predicted depths')


def sample(**fields):
    maps = {key: PixelData(data=data) for key, data in fields.items()}
    made = SegDataSample(metainfo=dict(img_path='own.png'))
    made.set_data(maps)
    return made


def test_predictions_of_both_tasks():
    good, bad = torch.zeros(2, 3, 4), torch.zeros(2, 3, 4)
    bad[1, 2, 3] = NAN
    check_prediction(sample(seg_logits=good, pred_sem_seg=good[:1]))
    check_prediction(sample(pred_sem_seg=good[:1].long()))  # no scores: fine
    with pytest.raises(ValueError, match=r'^own\.png: 1 of 24 class scores'):
        check_prediction(sample(seg_logits=bad))
    with pytest.raises(ValueError, match=r'^a/b: 1 of 12 predicted depths'):
        check_prediction(sample(pred_depth_map=bad[1:]), 'a/b')


def test_names_in_nested_states():
    tree = {
        'good': torch.ones(3),
        'ids': torch.arange(3),
        'bn.running_var': torch.tensor([1.0, INF]),
        'optimizer': {
            'state': {7: {'exp_avg': torch.tensor([NAN]), 'step': 3}},
            'param_groups': [{'lr': NAN, 'betas': (0.9, 0.99)}],
        },
        'list': [torch.ones(1), torch.tensor(-INF)],
    }
    assert list(find_nonfinite(tree)) == [
        *('bn.running_var', 'optimizer.state.7.exp_avg', 'list.1'),
    ]


def test_an_additive_mask_is_none_of_it():
    mask = torch.full((4, 4), -INF).triu(1)
    assert not list(find_nonfinite({'attn_mask': mask}))
    assert list(find_nonfinite({'m': mask + 1})) == ['m']
    assert list(find_nonfinite({'m': -mask})) == ['m']


def test_weights_are_named_with_their_file():
    check_weights({'a': torch.zeros(2)}, 'good.pth')
    with pytest.raises(
        ValueError,
        match=r'^bad\.pth has NaN or infinity in 1 tensor \(head\.weight\): '
        r'.* diverged\. Take an earlier checkpoint',
    ):
        check_weights({'head.weight': torch.tensor([NAN])}, 'bad.pth')


def test_many_names_are_cut():
    assert describe_nonfinite([*'abcd']) == (
        'NaN or infinity in 4 tensors (a, b, c, ...)'
    )
