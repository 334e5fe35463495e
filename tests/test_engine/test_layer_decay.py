"""Learning rate and weight decay of each parameter, by its layer."""

import layers_by_hand as by_hand
import pytest
import torch
from config_files import load
from mmengine.optim import build_optim_wrapper
from mmseg.registry import MODELS
from tiny_models import xnet

from xnet_mm.fast.accelerate import accelerate
from xnet_mm.models import PretrainedEncoder, PretrainedReversedDecoder

NAME = 'xnet_mm.LayerDecayOptimWrapperConstructor'
LR, DECAY = 0.1, 0.01
# SWIN has two blocks a stage, CONVNEXT 1, 1, 2 and 1: rates by hand, 0.5 a
# layer for the encoder and 0.1 for the decoder.
FACTORS = {
    'backbone.encoder.patch_embed.': 1 / 256,
    'backbone.encoder.layers.0.blocks.0.': 1 / 128,
    'backbone.encoder.layers.0.blocks.1.': 1 / 64,
    'backbone.encoder.layers.1.downsample.': 1 / 32,
    'backbone.encoder.layers.1.blocks.0.': 1 / 32,
    'backbone.encoder.layers.1.blocks.1.': 1 / 16,
    'backbone.encoder.layers.2.downsample.': 1 / 8,
    'backbone.encoder.layers.2.blocks.0.': 1 / 8,
    'backbone.encoder.layers.2.blocks.1.': 1 / 4,
    'backbone.encoder.layers.3.downsample.': 1 / 2,
    'backbone.encoder.layers.3.blocks.0.': 1 / 2,
    'backbone.encoder.layers.3.blocks.1.': 1.0,
    'neck.decoder.stem.': 1e-5,
    'neck.decoder.stages.0.0.blocks.0.': 1e-4,
    'neck.decoder.stages.1.0.downsample.': 1e-3,
    'neck.decoder.stages.1.0.blocks.0.': 1e-3,
    'neck.decoder.stages.2.0.downsample.': 1e-2,
    'neck.decoder.stages.2.0.blocks.0.': 1e-2,
    'neck.decoder.stages.2.0.blocks.1.': 1e-1,
    'neck.decoder.stages.3.0.downsample.': 1.0,
    'neck.decoder.stages.3.0.blocks.0.': 1.0,
    'neck.reshape.': 1.0,
    'decode_head.': 1.0,
}
RATES = dict(encoder=dict(decay_rate=0.5), decoder=dict(decay_rate=0.1))


def build(model, paramwise=RATES, **optimizer):
    options = dict(type='AdamW', lr=LR, weight_decay=DECAY) | optimizer
    cfg = dict(type='OptimWrapper', optimizer=options, constructor=NAME)
    return build_optim_wrapper(model, dict(cfg, paramwise_cfg=paramwise))


def settings(model, wrapper):
    """(lr, weight decay) by name, of what is trained."""
    names = {id(p): name for name, p in model.named_parameters()}
    pairs = [
        (names[id(p)], (group['lr'], group['weight_decay']))
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def factor(name):
    (found,) = [f for key, f in FACTORS.items() if name.startswith(key)]
    return found


def by_table(model, factors=factor, decays=lambda name, p: p.ndim > 1):
    return {
        name: pytest.approx(
            (LR * factors(name), DECAY * decays(name, p)), rel=1e-12
        )
        for name, p in model.named_parameters()
        if p.requires_grad
    }


def is_decaying(name, parameter):
    return parameter.ndim > 1 and 'relative_position_bias_table' not in name


@pytest.fixture
def model():
    return xnet()


@pytest.mark.parametrize('fast', [False, True])
def test_a_pair_by_hand(model, fast):
    model = accelerate(xnet()) if fast else model
    wrapper = build(model)
    wanted = by_table(model, decays=is_decaying)
    assert settings(model, wrapper) == wanted
    for group in wrapper.optimizer.param_groups:
        assert group['lr_scale'] == pytest.approx(group['lr'] / LR)


def test_the_order_of_the_groups(model):
    """What is new first, whose rate the log shows; then from the end."""
    wrapper = build(model)
    scales = [g['lr_scale'] for g in wrapper.optimizer.param_groups]
    new = [s for s in scales[:2] if s == 1]
    assert len(new) == 2
    encoder = [2.0**-n for n in range(9) for _ in 'ab']
    decoder = [0.1**n for n in range(6) for _ in 'ab']
    assert scales == pytest.approx([*new, *encoder, *decoder])
    first = wrapper.optimizer.param_groups[0]['params']
    assert {id(p) for p in first} & {id(p) for p in model.neck.parameters()}
    rates = wrapper.get_lr()
    assert rates['lr'][0] == LR and rates['base_lr'] == [LR]


def test_one_rate_for_both(model):
    def factors(name):
        found = factor(name)
        if name.startswith('neck.decoder.'):  # 0.1 ** n -> 0.5 ** n
            found = 0.5 ** round(-torch.tensor(found).log10().item())
        return found

    wrapper = build(model, dict(decay_rate=0.5))
    wanted = by_table(model, factors, is_decaying)
    assert settings(model, wrapper) == wanted
    over = dict(decay_rate=0.5, decoder=dict(decay_rate=0.1))
    assert settings(model, build(model, over)) == settings(model, build(model))


def test_the_decoder_alone(model):
    """Tables of the encoder are spared none the less."""
    wrapper = build(model, dict(decoder=dict(decay_rate=0.1)))
    assert settings(model, wrapper) == by_table(
        model,
        lambda name: 1.0 if 'backbone' in name else factor(name),
        is_decaying,
    )


@pytest.mark.parametrize('family', by_hand.FAMILIES)
def test_encoders_by_hand(family):
    config = dict(by_hand.FAMILIES[family][0], type='timm')
    encoder = PretrainedEncoder(config)
    native_of = {ours: n for n, ours in encoder.native_names.items()}
    last = by_hand.last(family)

    def factors(name):
        native = native_of[name.removeprefix('encoder.')]
        return 0.7 ** (last - by_hand.depth(family, native))

    def decays(name, p):
        return p.ndim > 1 and not by_hand.is_spared(
            family, name.removeprefix('encoder.')
        )

    wrapper = build(encoder, dict(encoder=dict(decay_rate=0.7)))
    wanted = by_table(encoder, factors, decays)
    assert settings(encoder, wrapper) == wanted


@pytest.mark.parametrize('mix', ['image', None])
@pytest.mark.parametrize('family', by_hand.DECODERS)
def test_decoders_by_hand(family, mix):
    config = dict(by_hand.FAMILIES[family][0], type='timm')
    box = PretrainedReversedDecoder(config, mix=mix, in_channels=8)
    natives = {f'decoder.{o}': n for n, o in box.decoder.native_names.items()}
    last = by_hand.last(family)

    def factors(name):
        if name.startswith('reshape.'):
            return 1.0
        return 0.7 ** (last - by_hand.depth(family, natives[name]))

    found = settings(box, build(box, dict(decay_rate=0.7)))
    assert {n: lr for n, (lr, _) in found.items()} == {
        n: pytest.approx(LR * factors(n)) for n, _ in box.named_parameters()
    }


def test_frozen_parameters_are_left_out():
    model = xnet()
    for p in model.backbone.encoder.layers[0].parameters():
        p.requires_grad_(False)
    model.neck.decoder.stem.requires_grad_(False)
    found = settings(model, build(model))
    wanted = by_table(model, decays=is_decaying)
    assert found == wanted and len(found) < len([*model.parameters()])
    assert 'backbone.encoder.layers.1.blocks.0.norm1.weight' in found


def test_custom_keys_multiply(model):
    keys = {
        'backbone': dict(lr_mult=0.5),
        'neck.decoder.stages.2': dict(decay_mult=2.0),
        'bias_table': dict(lr_mult=3.0, decay_mult=1.0),
    }
    found = settings(model, build(model, RATES | dict(custom_keys=keys)))
    name = 'backbone.encoder.layers.1.blocks.0.'
    block = 'neck.decoder.stages.2.0.blocks.0.'
    wanted = {
        name + 'norm1.weight': (LR / 32 / 2, 0.0),
        name + 'attn.qkv.weight': (LR / 32 / 2, DECAY),
        name + 'attn.relative_position_bias_table': (LR / 32 * 3, DECAY),
        block + 'conv_dw.weight': (LR / 100, 2 * DECAY),
        block + 'norm.weight': (LR / 100, 2 * DECAY),
        'neck.decoder.stages.0.0.blocks.0.norm.bias': (LR / 1e4, 0.0),
        'decode_head.conv_seg.weight': (LR, DECAY),
    }
    assert {n: found[n] for n in wanted} == {
        n: pytest.approx(pair) for n, pair in wanted.items()
    }


@pytest.mark.parametrize(
    ('more', 'norm', 'bias', 'gamma'),
    [
        (dict(), 0, 0, 0),
        (dict(flat_decay_mult=1.0), 1, 1, 1),
        (dict(norm_decay_mult=0.5), 0.5, 0, 0),
        (dict(bias_decay_mult=0.5, flat_decay_mult=2.0), 2, 0.5, 2),
    ],
)
def test_weight_decay_of_one_dimension(model, more, norm, bias, gamma):
    found = settings(model, build(model, RATES | more))
    block = 'neck.decoder.stages.2.0.blocks.0.'
    assert found[block + 'norm.weight'][1] == DECAY * norm
    assert found[block + 'mlp.fc1.bias'][1] == DECAY * bias
    assert found[block + 'gamma'][1] == DECAY * gamma
    assert found[block + 'mlp.fc1.weight'][1] == DECAY
    table = 'backbone.encoder.layers.0.blocks.0.attn.'
    assert found[table + 'relative_position_bias_table'][1] == 0


def test_the_optimisers_own_weight_decay(model):
    """AdamW's default, where the config says nothing, is not for biases."""
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor=NAME,
            paramwise_cfg=RATES,
            optimizer=dict(type='AdamW', lr=LR),
        ),
    )
    assert settings(model, wrapper) == by_table(model, decays=is_decaying)


def test_biases_of_a_rate_of_their_own(model):
    found = settings(model, build(model, RATES | dict(bias_lr_mult=2.0)))
    block = 'neck.decoder.stages.2.0.blocks.0.mlp.fc1.'
    assert found[block + 'bias'][0] == pytest.approx(LR / 100 * 2)
    assert found[block + 'weight'][0] == pytest.approx(LR / 100)


@pytest.mark.heavy
def test_swin_l_and_convnext_l():
    cfg = load('ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py')
    model = MODELS.build(cfg.model)
    native_of = {
        f'{path}.{ours}': native
        for path, names in {
            'backbone.encoder': model.backbone.native_names,
            'neck.decoder': model.neck.decoder.native_names,
        }.items()
        for native, ours in names.items()
    }

    def factors(name):
        if name not in native_of:
            return 1.0
        depth = by_hand.depth_of_large(native_of[name])
        if name.startswith('backbone'):
            return 0.9 ** (24 - depth)
        return 0.8 ** (36 - depth)

    rates = dict(encoder=dict(decay_rate=0.9), decoder=dict(decay_rate=0.8))
    # Beside the keys that the config has.
    wrapper = build(model, cfg.optim_wrapper.paramwise_cfg | rates)
    wanted = by_table(model, factors, is_decaying)
    assert settings(model, wrapper) == wanted
    # What is new, twice 25 and 37 layers; each with weight decay and without.
    # Swin's tables have groups of their own, being named by the config.
    assert len(wrapper.optimizer.param_groups) == 2 + 2 * (25 + 37) + 24
