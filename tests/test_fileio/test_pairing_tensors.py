"""Names, shapes and values of tensors, as modules load them."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from xnet_mm.fileio.pairing import check_pairing
from xnet_mm.fileio.pairing_tensors import fit, weights_of


def test_every_name_is_in_its_list():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    state = dict(model.state_dict())
    state['0.weight'] = torch.ones(3, 2)
    state['1.bias'] = torch.full((2,), torch.inf)
    state['2.bias'] = state.pop('0.bias')
    found = fit(model, state)
    assert found == (
        ['1.weight', '1.bias'], ['0.bias'], ['2.bias'], ['0.weight'],
        ['1.bias'],
    )  # fmt: skip
    assert not found.is_whole


def test_whole_numbers_are_no_weights():
    model = nn.Linear(2, 2)
    state = dict(model.state_dict(), bias=torch.tensor([1, 2]))
    assert fit(model, state).reshaped == ['bias']
    with pytest.raises(ValueError, match=r'bias \(2,\) of whole numbers, wan'):
        check_pairing(model, state, 'a.pth')
    half = {k: v.half() for k, v in model.state_dict().items()}
    check_pairing(model, half, 'a.pth')


def test_a_mask_of_minus_infinity_is_no_damage():
    model = nn.Linear(2, 2)
    model.register_buffer('mask', torch.full((2,), -torch.inf))
    check_pairing(model, dict(model.state_dict()), 'a.pth')


def test_old_files_lack_counters():
    model = nn.BatchNorm2d(2)
    state = dict(model.state_dict())
    state.pop('num_batches_tracked')
    check_pairing(model, state, 'a.pth')


def test_hooks_that_resize_are_asked():
    """MMPretrain's ViT re-sizes its position embeddings as it loads."""

    init_default_scope('mmseg')

    def build(size):
        return MODELS.build(
            dict(
                type='mmpretrain.VisionTransformer',
                arch=dict(
                    embed_dims=8,
                    num_layers=1,
                    num_heads=2,
                    feedforward_channels=8,
                ),
                img_size=size,
                patch_size=16,
                out_type='featmap',
            )
        )

    check_pairing(build(64), dict(build(32).state_dict()), 'a.pth')


def test_the_versions_of_modules_are_kept():
    state = nn.BatchNorm2d(2).state_dict()
    assert weights_of(dict(state_dict=state))._metadata == state._metadata
