"""The boxes together, in mmseg's own EncoderDecoder."""

import os
import re
import subprocess
import sys

import pytest
import torch
from needs import COMPILED
from tiny_boxes import (
    RESNET,
    SWIN,
    depth_sample,
    estimator,
    samples,
    segmentor,
    train_step,
)
from torch.testing import assert_close


@pytest.mark.parametrize(
    'decoder',
    [
        'resnet18',
        'swin_tiny_patch4_window7_224',
        'convnextv2_atto',
        'efficientnet_b0',
    ],
)
def test_a_decoder_is_swapped_by_its_name_alone(decoder):
    model = segmentor('resnet18', decoder)
    train_step(model)
    assert model.decode_head.in_channels == model.neck.out_channels


def test_slide_inference():
    torch.manual_seed(0)
    whole = segmentor().eval()
    slide = segmentor(
        test_cfg=dict(mode='slide', crop_size=(64, 64), stride=(48, 48))
    ).eval()
    slide.load_state_dict(whole.state_dict())
    inputs, data = samples((97, 131), 1)
    with torch.no_grad():
        (result,) = slide.predict(inputs, data)
        assert result.pred_sem_seg.shape == (97, 131)
        inputs, data = samples((64, 64), 1)  # one window: as whole
        assert_close(
            slide.predict(inputs, data)[0].seg_logits.data,
            whole.predict(inputs, data)[0].seg_logits.data,
        )


@pytest.mark.parametrize('mix', ['image', None])
def test_other_mixes_train(mix):
    train_step(segmentor(neck=dict(mix=mix)))


def test_identity_start_hides_the_encoder_until_it_learns():
    """The loss's first gradient reaches RS's last layer, then the rest."""
    model = segmentor().train()
    inputs, _ = samples((64, 64))
    other = segmentor().train()
    other.load_state_dict(
        {k: v for k, v in model.state_dict().items() if 'backbone' not in k}
        | other.backbone.state_dict(prefix='backbone.')
    )
    model.eval(), other.eval()
    assert torch.equal(
        model.encode_decode(inputs, [{'img_shape': (64, 64)}] * 2),
        other.encode_decode(inputs, [{'img_shape': (64, 64)}] * 2),
    )
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train_step(model)
    assert model.neck.reshape.project.weight.grad.abs().sum() > 0
    optimizer.step()
    optimizer.zero_grad()
    train_step(model)
    first = next(p for _, p in model.backbone.named_parameters())
    assert first.grad.abs().sum() > 0


def test_stock_heads_run_on_our_neck():
    head = dict(
        type='UPerHead',
        in_channels=[40, 80, 160, 320],
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2),
        channels=8,
        num_classes=5,
        norm_cfg=dict(type='BN'),
    )
    auxiliary = dict(
        type='FCNHead', in_channels=160, in_index=2, channels=8, num_classes=5
    )
    train_step(segmentor(decode_head=head, auxiliary_head=auxiliary))


@COMPILED
def test_neck_and_head_compile_without_a_graph_break():
    torch._dynamo.reset()
    model = segmentor().eval()
    inputs = model.backbone(torch.rand(1, 3, 64, 96))

    def forward(inputs):
        return model.decode_head(model.neck(inputs))

    compiled = torch.compile(forward, fullgraph=True, backend='eager')
    assert_close(compiled(inputs), forward(inputs))


def test_parts_have_prefixes_of_their_own():
    """What `paramwise_cfg.custom_keys` matches, as a part of the name."""
    names = [n for n, _ in segmentor().named_parameters()]
    keys = ('backbone', 'neck.decoder', 'neck.reshape', 'decode_head')
    for name in names:
        assert sum(key in name for key in keys) == 1, name


def test_both_spellings_are_registered():
    train_step(segmentor(prefix=''))


@pytest.mark.parametrize('line', ["imports=['xnet_mm']", None])
def test_a_config_needs_one_line_or_none(line, tmp_path):
    """In a fresh interpreter, where nothing has imported the package."""
    custom = f'custom_imports = dict({line})\n' if line else ''
    prefix = '' if line else 'xnet_mm.'
    (tmp_path / 'config.py').write_text(
        f'{custom}model = dict(type="{prefix}PretrainedReversedDecoder",'
        ' decoder="resnet18", in_channels=8)\ndefault_scope = "mmseg"\n'
    )
    code = (
        'import sys\n'
        'from mmengine.config import Config\n'
        'from mmengine.registry import init_default_scope\n'
        'from mmseg.registry import MODELS\n'
        'assert "xnet_mm" not in sys.modules\n'
        'cfg = Config.fromfile("config.py")\n'
        'init_default_scope(cfg.default_scope)\n'
        'print("widths", MODELS.build(cfg.model).out_channels)\n'
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'widths [64, 128, 256, 512]' in done.stdout, done.stderr


def segmentation(encoder, decoder):
    return segmentor(encoder, decoder), *samples((64, 96))


def depth(*_):
    truth = torch.rand(2, 1, 64, 96) * 9
    return estimator(), torch.rand(2, 3, 64, 96), [*map(depth_sample, truth)]


# What keeps silent. Of mix, stages, RS, PFP and the probe nothing does.
PREPROCESSOR = 'data_preprocessor'  # has run before
LOSS = r'|decode_head\.loss_decode'  # runs in training
# What timm leaves of an encoder's classifier, identities.
REST = r'|backbone\.encoder\.(norm|norm_pre|head\..+)'


@pytest.mark.parametrize('training', [True, False], ids=['training', 'eval'])
@pytest.mark.parametrize(
    ('build', 'encoder', 'decoder', 'rest'),
    [
        (segmentation, 'convnext_atto', 'convnext_atto', REST),
        (segmentation, SWIN, SWIN, REST),
        (segmentation, RESNET, 'convnextv2_atto', ''),
        (depth, 'convnext_atto', 'convnext_atto', REST),
    ],
    ids=['convnext', 'swin', 'mmseg resnet', 'depth'],
)
def test_forward_hooks_of_every_leaf_are_called(
    build, encoder, decoder, rest, training
):
    model, inputs, data = build(encoder, decoder)
    model.train(training)
    leaves = {n: m for n, m in model.named_modules() if not [*m.children()]}
    called = set()
    for name, leaf in leaves.items():
        leaf.register_forward_hook(
            lambda module, args, output, name=name: called.add(name)
        )
    if training:
        model.loss(inputs, data)
    else:
        with torch.no_grad():
            model.predict(inputs, data)
    assert {'decode_head.conv_seg', 'neck.reshape.project'} < called
    silent = PREPROCESSOR + rest + ('' if training else LOSS)
    for name in leaves.keys() - called:
        assert re.fullmatch(silent, name), name
        assert not [*leaves[name].parameters()], name
