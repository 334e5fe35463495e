"""Layers of pre-trained models, where they are and under which names."""

import pytest
import timm
import torch
from layers_by_hand import (
    DECODERS,
    FAMILIES,
    depth,
    depth_of_large,
    is_spared,
)
from torch import nn

from xnet_mm.models import PretrainedEncoder, build_hierarchy
from xnet_mm.models.layers import Layers, read_layers


def check(family, layers, native_names, module):
    """Against the hand's, for all parameters of `module` that train."""
    of_ours = {ours: native for native, ours in native_names.items()}
    names = [n for n, p in module.named_parameters() if p.requires_grad]
    assert layers.depths == {n: depth(family, of_ours[n]) for n in names}
    spared = {n for n in names if is_spared(family, of_ours[n])}
    assert layers.no_weight_decay == spared


@pytest.mark.parametrize('family', FAMILIES)
def test_encoders(family):
    config = dict(FAMILIES[family][0], type='timm')
    encoder = PretrainedEncoder(config)
    check(family, encoder.layers, encoder.native_names, encoder.encoder)


@pytest.mark.parametrize('family', DECODERS)
def test_decoders(family):
    decoder = build_hierarchy(dict(FAMILIES[family][0], type='timm'))
    check(family, decoder.layers, decoder.native_names, decoder)


@pytest.mark.parametrize('pyramid', [False, True])
def test_a_stage_that_is_not_used_is_no_layer(pyramid):
    """timm's own head norm stays in the model, frozen."""
    config = dict(FAMILIES['convnext'][0], type='timm')
    encoder = PretrainedEncoder(config, pyramid=pyramid)
    assert max(encoder.layers.depths.values()) == 5
    assert not [n for n in encoder.layers.depths if 'head' in n]


def test_a_dropped_stem_does_not_move_the_others():
    decoder = build_hierarchy(dict(FAMILIES['convnext'][0], type='timm'))
    decoder.drop_stem()
    names = [n for n, _ in decoder.named_parameters()]
    assert {decoder.layers.depths[n] for n in names} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ('name', 'last', 'tables'),
    [('swin_large_patch4_window7_224', 24, 24), ('convnext_large', 36, 0)],
)
def test_the_large_pair(name, last, tables):
    with torch.device('meta'):
        model = timm.create_model(name, num_classes=0)
    layers = read_layers(model)
    names = [n for n, _ in model.named_parameters()]
    wanted = {n: depth_of_large(n) for n in names}
    for n in names:
        if wanted[n] is not None:
            assert layers.depths[n] == wanted[n], n
    assert max(d for d in wanted.values() if d is not None) == last
    assert len(layers.no_weight_decay) == tables


def test_patterns_of_timm():
    model = nn.ModuleDict(dict(pos_embed=nn.Linear(2, 2), a=nn.Linear(2, 2)))
    model.group_matcher = lambda coarse: dict(stem='pos_embed', blocks='a')
    model.no_weight_decay = lambda: {'pos_embed.*', 'a.bias', 'gone'}
    layers = read_layers(model)
    assert layers.depths == {
        'pos_embed.weight': 0,
        'pos_embed.bias': 0,
        'a.weight': 1,
        'a.bias': 1,
    }
    spared = {'pos_embed.weight', 'pos_embed.bias', 'a.bias'}
    assert layers.no_weight_decay == spared


def test_a_matcher_that_is_a_function():
    with torch.device('meta'):
        model = timm.create_model('cait_xxs24_224', num_classes=0)
    depths = read_layers(model).depths
    assert depths['patch_embed.proj.weight'] == 0
    assert depths['blocks.7.norm1.weight'] == 8


@pytest.mark.parametrize(
    ('config', 'depths'),
    [
        (
            dict(type='VisionTransformer', arch='deit-tiny', img_size=32),
            {'pos_embed': 0, 'layers.0.ln1.weight': 1, 'ln1.weight': 13},
        ),
        (
            dict(type='SwinTransformer', arch='tiny'),
            {
                'patch_embed.projection.weight': 0,
                'stages.0.blocks.1.norm1.weight': 2,
                'stages.3.blocks.1.norm1.weight': 12,
            },
        ),
    ],
)
def test_models_of_mmpretrain(config, depths):
    models = pytest.importorskip('mmpretrain.models')
    config = dict(config)
    layers = read_layers(getattr(models, config.pop('type'))(**config))
    assert {n: layers.depths[n] for n in depths} == depths
    assert not layers.no_weight_decay


def test_a_model_that_does_not_say():
    assert read_layers(nn.Linear(2, 2)) is None
    with torch.device('meta'):
        assert read_layers(timm.create_model('caformer_s18')) is None


def test_renamed():
    layers = Layers({'a': 0, 'b': 1}, frozenset('ab'))
    assert layers.renamed({'b': 'c'}) == Layers({'c': 1}, frozenset('c'))
