"""Position embeddings of another img_size, against torch's interpolation."""

import pytest
import timm
import torch
import torch.nn.functional as F
from timm.layers import resize_rel_pos_bias_table
from torch.testing import assert_close

from xnet_mm.models.positions import resample_positions

HIERA = dict(
    model_name='hiera_tiny_224', embed_dim=16, stages=(1, 1, 1, 1), num_heads=1
)
CAIT = dict(model_name='cait_xxs24_224', embed_dim=16, depth=1, num_heads=2)


def pair(size, old=64, **options):
    """State of a model of square images, and the model of another size."""
    torch.manual_seed(0)
    state = timm.create_model(**options, img_size=old).state_dict()
    state = {
        k: torch.randn_like(v) if 'pos' in k and v.is_floating_point() else v
        for k, v in state.items()
    }
    return state, timm.create_model(**options, img_size=size)


def bicubic(grid, size):
    """(1,C,h,w) -> (1,C,*size)"""
    return F.interpolate(
        grid, size, mode='bicubic', antialias=True, align_corners=False
    )


@pytest.mark.parametrize(
    ('options', 'patch'), [(HIERA, 4), (CAIT, 16)], ids=['hiera', 'cait']
)
def test_tokens(options, patch):
    state, model = pair((96, 160), **options)
    got = resample_positions(state, model)
    old, rows, columns = 64 // patch, 96 // patch, 160 // patch
    embed = state['pos_embed'].reshape(1, old, old, -1).permute(0, 3, 1, 2)
    wanted = bicubic(embed, (rows, columns)).flatten(2).transpose(1, 2)
    assert_close(got.pop('pos_embed'), wanted)
    assert got == {k: v for k, v in state.items() if k != 'pos_embed'}
    model.load_state_dict({**got, 'pos_embed': wanted})


def test_tokens_with_a_class_token():
    options = dict(
        model_name='vit_tiny_patch16_224', embed_dim=12, depth=1, num_heads=2
    )
    state, model = pair((96, 160), **options)
    got = resample_positions(state, model)['pos_embed']
    assert torch.equal(got[:, :1], state['pos_embed'][:, :1])
    grid = state['pos_embed'][:, 1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2)
    wanted = bicubic(grid, (6, 10)).flatten(2).transpose(1, 2)
    assert_close(got[:, 1:], wanted)


def test_maps_channels_last():
    state, model = pair((96, 160), model_name='volo_d1_224')
    grid = state['pos_embed'].permute(0, 3, 1, 2)
    wanted = bicubic(grid, (6, 10)).permute(0, 2, 3, 1)
    assert_close(resample_positions(state, model)['pos_embed'], wanted)


@pytest.mark.parametrize('name', ['pit_ti_224', 'visformer_tiny'])
def test_maps_channels_first(name):
    state, model = pair((96, 160), old=128, model_name=name)
    got, natives = resample_positions(state, model), model.state_dict()
    names = [k for k in state if k.startswith('pos_embed')]
    assert names
    for key in names:
        wanted = bicubic(state[key], natives[key].shape[2:])
        assert_close(got[key], wanted)
    model.load_state_dict(got)


def test_tables_of_relative_positions():
    state, model = pair((128, 160), old=224, model_name='gcvit_xxtiny')
    got, natives = resample_positions(state, model), model.state_dict()
    key = 'stages.0.blocks.0.attn.rel_pos.relative_position_bias_table'
    assert (state[key].shape, natives[key].shape) == ((169, 2), (63, 2))
    wanted = resize_rel_pos_bias_table(state[key], (4, 5), (63, 2))
    assert_close(got[key], wanted)
    model.load_state_dict(got)


def test_the_same_size_is_left_alone():
    state, model = pair(64, **HIERA)
    got = resample_positions(state, model)
    assert got.keys() == state.keys()
    assert all(got[k] is state[k] for k in state)


def test_what_no_rule_fits_is_left_for_loading_to_refuse():
    state, model = pair((96, 160), **HIERA)
    for odd in (state['pos_embed'][:, :-1], state['pos_embed'][..., :-1]):
        changed = {**state, 'pos_embed': odd, 'other': odd}
        assert resample_positions(changed, model)['pos_embed'] is odd
        assert resample_positions(changed, model)['other'] is odd
