"""Metric3Dv2's encoder, on files with its names and shapes."""

import runpy

import pytest
import timm
import torch
from safetensors.torch import load_file
from tool_runs import TOOLS, run_tool

from xnet_mm.models.classifier import build_classifier
from xnet_mm.models.weights import load_weights

TOOL = 'model_converters/metric3d.py'
FUNCTIONS = runpy.run_path(str(TOOLS / TOOL))
LARGE = 'vit_large_patch14_reg4_dinov2.lvd142m'
SMALL = 'vit_small_patch14_reg4_dinov2.lvd142m'


def released_encoder(depth, width, device='cpu'):
    """What Metric3D's ViTs have; blocks are in one chunk, index 0."""
    shapes = {
        'cls_token': (1, 1, width),
        'pos_embed': (1, 1 + 37 * 37, width),
        'register_tokens': (1, 4, width),
        'patch_embed.proj.weight': (width, 3, 14, 14),
        'patch_embed.proj.bias': (width,),
        'norm.weight': (width,),
        'norm.bias': (width,),
    }
    for i in range(depth):
        block = f'blocks.0.{i}'
        for name in ('norm1', 'norm2'):
            shapes[f'{block}.{name}.weight'] = (width,)
            shapes[f'{block}.{name}.bias'] = (width,)
        for name, rows, columns in (
            ('attn.qkv', 3 * width, width),
            ('attn.proj', width, width),
            ('mlp.fc1', 4 * width, width),
            ('mlp.fc2', width, 4 * width),
        ):
            shapes[f'{block}.{name}.weight'] = (rows, columns)
            shapes[f'{block}.{name}.bias'] = (rows,)
        shapes[f'{block}.ls1.gamma'] = (width,)
        shapes[f'{block}.ls2.gamma'] = (width,)
    return {
        f'depth_model.encoder.{name}': torch.randn(shape, device=device)
        for name, shape in shapes.items()
    }


def run(monkeypatch, *argv):
    run_tool(monkeypatch, TOOL, *argv)


def test_the_large_model_has_every_name_and_shape():
    state = FUNCTIONS['to_timm'](
        FUNCTIONS['take_encoder'](
            {'model_state_dict': released_encoder(24, 1024, 'meta')}
        )
    )
    with torch.device('meta'):
        model = timm.create_model(LARGE)
    assert {k: v.shape for k, v in state.items()} == {
        k: v.shape for k, v in model.state_dict().items()
    }
    FUNCTIONS['check'](state, model.state_dict(), LARGE)


def test_each_tensor_arrives_where_it_belongs():
    file = released_encoder(3, 8)
    file['depth_model.encoder.mask_token'] = torch.randn(1, 8)
    file['depth_model.decoder.norm.weight'] = torch.randn(8)
    source = {
        k.removeprefix('depth_model.encoder.'): v for k, v in file.items()
    }
    state = FUNCTIONS['to_timm'](
        FUNCTIONS['take_encoder']({f'module.{k}': v for k, v in file.items()})
    )
    torch.testing.assert_close(state['reg_token'], source['register_tokens'])
    torch.testing.assert_close(
        state['cls_token'], source['cls_token'] + source['pos_embed'][:, :1]
    )
    torch.testing.assert_close(state['pos_embed'], source['pos_embed'][:, 1:])
    for i in range(3):
        for name in ('attn.qkv.weight', 'ls2.gamma', 'mlp.fc1.bias'):
            assert (
                state[f'blocks.{i}.{name}'] is source[f'blocks.0.{i}.{name}']
            )
    assert 'mask_token' not in state
    assert len(state) == 7 + 3 * 14


def test_it_says_the_same_as_timm_does_of_dinov2():
    # DINOv2's own file has the same names, but for the chunk, and timm
    # converts it by itself as soon as it finds a mask token.
    file = released_encoder(2, 6)
    ours = FUNCTIONS['to_timm'](FUNCTIONS['take_encoder'](dict(file)))
    names = {
        k.removeprefix('depth_model.encoder.').replace(
            'blocks.0.', 'blocks.'
        ): v
        for k, v in file.items()
    }
    model = timm.create_model(LARGE, embed_dim=6, depth=2, num_heads=2)
    theirs = timm.models.vision_transformer.checkpoint_filter_fn(
        {**names, 'mask_token': torch.zeros(1, 6)}, model
    )
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=0, atol=0)


def test_the_file_loads_strictly_and_predicts_the_same(
    tmp_path, monkeypatch, capsys
):
    source, target = tmp_path / 'metric3d.pth', tmp_path / 'out.safetensors'
    torch.save({'model_state_dict': released_encoder(12, 384)}, source)
    run(monkeypatch, source, target, '--model', SMALL)
    assert '175 tensors of vit_small' in capsys.readouterr().out
    assert not list(tmp_path.glob('*.tmp'))

    model = build_classifier(SMALL)[1]
    names = {name: name for name in model.state_dict()}
    load_weights(model, SMALL, str(target), names, 'encoder')
    for name, value in load_file(target).items():
        torch.testing.assert_close(model.state_dict()[name], value)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: s.clear(), 'no depth_model.encoder.* among its 0 keys'),
        (
            lambda s: s.pop('depth_model.encoder.register_tokens'),
            'no register_tokens: not one of the ViTs',
        ),
        (
            lambda s: s.pop('depth_model.encoder.blocks.0.1.ls1.gamma'),
            r'missing \(1\): blocks.1.ls1.gamma',
        ),
        (
            lambda s: s.update({'depth_model.encoder.extra': torch.zeros(1)}),
            r'unexpected \(1\): extra',
        ),
        (
            lambda s: s.update(
                {'depth_model.encoder.norm.bias': torch.zeros(7)}
            ),
            r'of another shape \(1\): norm.bias \(7,\), wanted \(384,\)',
        ),
    ],
)
def test_other_checkpoints(tmp_path, monkeypatch, change, message):
    state = released_encoder(12, 384, 'cpu')
    change(state)
    torch.save({'model_state_dict': state}, tmp_path / 'file.pth')
    with pytest.raises(SystemExit, match=message) as stop:
        run(
            monkeypatch,
            tmp_path / 'file.pth',
            tmp_path / 'out.safetensors',
            '--model',
            SMALL,
        )
    assert 'file.pth' in str(stop.value)
    assert not (tmp_path / 'out.safetensors').exists()


class Stranger:
    def __reduce__(self):
        return print, ('code ran',)


def test_files_that_cannot_be_read(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit, match=r'none\.pth: no such file'):
        run(monkeypatch, 'none.pth', tmp_path / 'out.safetensors')
    torch.save({'model_state_dict': Stranger()}, tmp_path / 'code.pth')
    with pytest.raises(SystemExit, match='and a pickle that asks'):
        run(monkeypatch, tmp_path / 'code.pth', tmp_path / 'a.safetensors')
    assert 'code ran' not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path / 'code.pth', tmp_path / 'out.pth')
    assert 'out.pth: wanted a name.safetensors' in capsys.readouterr().err
