"""The boxes together, in mmseg's own EncoderDecoder."""

import os
import subprocess
import sys

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch.testing import assert_close

from xnet_mm.models import PFPHead, PretrainedEncoder, handover

SMALL = dict(channels=8, pyramid_channels=8)
DINOV2 = dict(
    type='timm',
    model_name='vit_small_patch14_dinov2',
    embed_dim=24,
    depth=2,
    num_heads=2,
    img_size=70,
)
ENCODERS = {
    'timm': 'convnext_atto',
    'timm swin': dict(
        type='timm',
        model_name='swin_tiny_patch4_window7_224',
        embed_dim=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    ),
    'timm dinov2': DINOV2,
    'mmseg resnet': dict(type='ResNetV1c', depth=18, norm_cfg=dict(type='BN')),
    'mmseg swin': dict(
        type='SwinTransformer',
        embed_dims=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    ),
    'mmpretrain vit': dict(
        type='mmpretrain.VisionTransformer',
        arch=dict(
            embed_dims=24, num_layers=2, num_heads=2, feedforward_channels=48
        ),
        img_size=64,
        out_type='featmap',
    ),
}


def segmentor(
    encoder='convnext_atto', decoder='convnext_atto', prefix='xnet_mm.', **cfg
):
    head = dict(type=f'{prefix}PFPHead', num_classes=5, **SMALL)
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder',
            data_preprocessor=dict(type='SegDataPreProcessor'),
            backbone=dict(
                type=f'{prefix}PretrainedEncoder',
                encoder=encoder,
                **cfg.get('backbone', {}),
            ),
            neck=dict(
                type=f'{prefix}PretrainedReversedDecoder',
                decoder=decoder,
                **cfg.get('neck', {}),
            ),
            decode_head=cfg.get('decode_head', head),
            auxiliary_head=cfg.get('auxiliary_head'),
            train_cfg=dict(),
            test_cfg=cfg.get('test_cfg', dict(mode='whole')),
        )
    )


def samples(size, num=2):
    torch.manual_seed(0)
    out = []
    for _ in range(num):
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 5, (1, *size)))
        sample.set_metainfo(
            dict(img_shape=size, ori_shape=size, pad_shape=size)
        )
        out.append(sample)
    return torch.randn(num, 3, *size), out


def train_step(model, size=(64, 96)):
    model.train()
    losses = model.loss(*samples(size))
    total = sum(v for k, v in losses.items() if 'loss' in k)
    total.backward()
    assert total.isfinite()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    return total


@pytest.mark.parametrize('encoder', ENCODERS.values(), ids=ENCODERS.keys())
def test_any_encoder_trains_and_takes_odd_sizes(encoder):
    scale = 14 / 16 if encoder is DINOV2 else 1.0
    model = segmentor(encoder, backbone=dict(input_scale=scale))
    train_step(model)
    model.eval()
    for size in ((70, 90), (97, 131)):
        inputs, data = samples(size, 1)
        with torch.no_grad():
            (result,) = model.predict(inputs, data)
        assert result.pred_sem_seg.shape == size
        assert result.seg_logits.data.shape == (5, *size)


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


def test_dinov2_meets_the_decoder_at_a_whole_factor():
    encoder = PretrainedEncoder(DINOV2, input_scale=14 / 16)
    assert encoder.out_strides == [16]
    image = torch.rand(1, 3, 96, 128)
    same, feature = encoder(image)
    assert_close(same, image)
    assert feature.shape == (1, 24, 6, 8)
    model = segmentor(DINOV2, backbone=dict(input_scale=14 / 16))
    assert model.neck.reshape.scale_factor == 4


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


def test_pfp_head_runs_on_a_plain_backbone():
    model = MODELS.build(
        ConfigDict(
            type='EncoderDecoder',
            data_preprocessor=dict(type='SegDataPreProcessor'),
            backbone=dict(
                type='ResNetV1c', depth=18, norm_cfg=dict(type='BN')
            ),
            decode_head=dict(
                type='xnet_mm.PFPHead',
                in_channels=[64, 128, 256, 512],
                num_classes=5,
                **SMALL,
            ),
            test_cfg=dict(mode='whole'),
        )
    )
    train_step(model)


def test_pfp_head_without_a_neck_says_what_to_give(monkeypatch):
    monkeypatch.setattr(handover, '_latest', None)
    with pytest.raises(ValueError, match=r'PFPHead got in_channels=None.*giv'):
        PFPHead(num_classes=5)


@pytest.mark.parametrize('out_stride', [1, 2, 4])
def test_out_stride(out_stride):
    head = dict(type='PFPHead', num_classes=5, out_stride=out_stride, **SMALL)
    model = segmentor(decode_head=head)
    logits = model.decode_head(model.extract_feat(torch.rand(1, 3, 64, 96)))
    assert logits.shape == (1, 5, 64 // out_stride, 96 // out_stride)
    train_step(model)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast_stays_near_full_precision(dtype):
    torch.manual_seed(0)
    model = segmentor().eval()
    image = torch.rand(1, 3, 64, 64)
    full = model.decode_head(model.extract_feat(image))
    with torch.autocast('cpu', dtype):
        half = model.decode_head(model.extract_feat(image))
    assert half.dtype == dtype
    assert_close(half.float(), full, rtol=0.05, atol=0.05 * full.std().item())


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


def test_encoder_that_returns_no_map_is_told_what_to_do():
    with pytest.raises(ValueError, match="needs out_type='featmap'"):
        PretrainedEncoder(
            dict(ENCODERS['mmpretrain vit'], out_type='cls_token')
        )


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
