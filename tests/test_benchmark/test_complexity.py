"""Parameters and multiply-accumulates: by hand, and of every config."""

import math
from importlib import import_module

import pytest
import timm
import torch
from metafiles import ENTRIES, ROOT, entry_of
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from xnet_mm.benchmark import complexity
from xnet_mm.benchmark.complexity import (
    SkipRandomNumbers,
    count_config,
    count_model,
)
from xnet_mm.models.plain_operators import operators_importable

SMALL = [
    'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py',
    'baselines/hololens/upernet_effnet-lite0_1xb4-2k_hololens-192x256.py',
    'baselines/hololens/dpt_effnet-lite0_1xb4-2k_hololens-192x256.py',
]


class Tiny(nn.Module):
    """One of each that counts: 8 x 12 pixels become 4 x 6 tokens of 4."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 12)
        self.frozen = nn.Parameter(torch.zeros(7), requires_grad=False)
        self.auxiliary_head = nn.Conv2d(4, 100, 1)

    def encode_decode(self, image, metas):
        assert [m['img_shape'] for m in metas] == [image.shape[2:]]
        x = self.norm(self.depthwise(self.conv(image)))
        if self.auxiliary_head is not None:
            x = x + self.auxiliary_head(x)[:, :4]
        q, k, v = self.linear(x.flatten(2).mT).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v)


def test_count_of_a_model_worked_by_hand():
    # conv 4*3*9, depthwise 4*9 + 4, norm 2*4, linear 4*12 + 12, frozen 7.
    parameters = 108 + 40 + 8 + 60 + 7
    # For each of 24 tokens: conv 108, depthwise 36, linear 48, attention
    # twice 24 * 4.
    macs = 24 * (108 + 36 + 48 + 2 * 24 * 4)
    assert count_model(Tiny(), (8, 12)) == (parameters, macs)


class TinyDeformable(nn.Module):
    """Queries are the pixels of two maps, 2 x 3 and 1 x 2, of 8 channels."""

    def __init__(self, ratio):
        super().__init__()
        with operators_importable():
            ops = import_module('mmcv.ops')
        self.attention = ops.MultiScaleDeformableAttention(
            embed_dims=8,
            num_heads=2,
            num_levels=2,
            num_points=3,
            batch_first=True,
            value_proj_ratio=ratio,
        )
        self.auxiliary_head = None

    def encode_decode(self, image, metas):
        sizes = torch.tensor([[2, 3], [1, 2]])
        return self.attention(
            image.flatten(1)[:, :64].view(1, 8, 8),
            spatial_shapes=sizes,
            level_start_index=torch.tensor([0, 6]),
            reference_points=torch.full((1, 8, 2, 2), 0.5),
        )


@pytest.mark.parametrize('ratio', [1.0, 0.5])
def test_count_of_deformable_attention_worked_by_hand(ratio):
    wide = int(8 * ratio)  # channels of the values
    offsets, weights = 2 * 2 * 3 * 2, 2 * 2 * 3  # heads, levels, points
    linear = 8 * wide + 8 * offsets + 8 * weights + wide * 8
    biases = wide + offsets + weights + 8
    # Each of 8 queries samples 2 * 3 points of all its channels, 4 products
    # for a value between pixels and one for its weight.
    macs = 8 * (linear + 2 * 3 * wide * 5)
    model = TinyDeformable(ratio)
    assert count_model(model, (8, 12)) == (linear + biases, macs)
    assert not model.attention._forward_hooks


WIDTH, HEADS, WINDOW = 8, (1, 2, 2, 4), 7


def swin_of_timm():
    return timm.create_model(
        'swin_tiny_patch4_window7_224',
        embed_dim=WIDTH,
        depths=(2, 2, 2, 2),
        num_heads=HEADS,
        strict_img_size=False,
        features_only=True,
    )


def swin_of_mmseg():
    return MODELS.build(
        dict(
            type='SwinTransformer',
            embed_dims=WIDTH,
            depths=(2, 2, 2, 2),
            num_heads=HEADS,
            window_size=WINDOW,
        )
    )


class OnlyEncoder(nn.Module):
    """What `count_model` asks of a segmentor, of an encoder alone."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.auxiliary_head = None

    def encode_decode(self, image, metas):
        return self.encoder(image)


def swin_by_hand(height, width, padded):
    """Multiply-accumulates of the small Swin, term by term."""
    h, w, c = height // 4, width // 4, WIDTH
    macs = h * w * 3 * 16 * c  # patches of 4 x 4
    for stage in range(4):
        whole = math.ceil(h / WINDOW) * math.ceil(w / WINDOW) * WINDOW**2
        # One token of zeros stands for all the padding.
        block = (whole if padded else h * w + 1) * 3 * c * c  # qkv
        block += (whole if padded else h * w) * c * c  # and back
        block += 2 * whole * WINDOW**2 * c  # attention
        block += h * w * 2 * 4 * c * c  # MLP
        macs += 2 * block
        if stage < 3:
            h, w = h // 2, w // 2
            macs += h * w * 4 * c * 2 * c
            c *= 2
    return macs


@pytest.mark.parametrize('size', [(128, 192), (224, 224), (96, 320)])
def test_swin_counts_alike_whoever_wrote_it(size):
    wanted = swin_by_hand(*size, padded=True)
    for make in (swin_of_timm, swin_of_mmseg):
        model = OnlyEncoder(make())
        assert count_model(model, size, padded_windows=True).macs == wanted
        runs = count_model(OnlyEncoder(make()), size).macs
        assert runs == swin_by_hand(*size, padded=False)
    assert (runs < wanted) == (size != (224, 224))  # all windows are whole


@pytest.mark.heavy
def test_swin_l_costs_the_same_in_every_row():
    """Of the configs that are compared, the encoder alone."""
    found = []
    for name in (
        'ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py',
        'baselines/ade20k/upernet_swin-l_8xb2-160k_ade20k-512x512.py',
        'baselines/ade20k/mask2former_swin-l_8xb2-160k_ade20k-640x640.py',
    ):
        cfg = Config.fromfile(ROOT / 'configs' / name)
        init_default_scope(cfg.default_scope)
        for padded in (False, True):
            with SkipRandomNumbers():
                encoder = OnlyEncoder(MODELS.build(cfg.model.backbone))
            macs = count_model(encoder, (512, 512), padded_windows=padded).macs
            found.append(macs)
    assert found == found[:2] * 3 and found[0] < found[1]


def test_a_config_counts_swin_with_padded_windows(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        complexity,
        'count_model',
        lambda model, size, **options: asked.update(options),
    )
    count_config(Config.fromfile(ROOT / 'configs' / SMALL[0]))
    assert asked == dict(padded_windows=True)


def check_count(entry):
    if entry['In Collection'] == 'Mask2Former':
        pytest.importorskip('mmdet')
    parameters, macs = count_config(Config.fromfile(ROOT / entry['Config']))
    data = entry['Metadata']
    assert data['Parameters (M)'] == round(parameters / 1e6, 2)
    assert data['GMACs'] == round(macs / 1e9, 2)


@pytest.mark.parametrize('config', SMALL)
def test_small_configs_cost_what_their_metafile_says(config):
    check_count(entry_of(config))


@pytest.mark.heavy
@pytest.mark.parametrize(
    'entry',
    [
        e
        for e in ENTRIES
        if e['Config'].removeprefix('configs/') not in SMALL
        and 'GMACs' in e['Metadata']
    ],
    ids=lambda entry: entry['Name'],
)
def test_configs_cost_what_their_metafile_says(entry):
    check_count(entry)


@pytest.mark.parametrize(
    'name, parameters, gmacs',
    [
        # Counted by the same counter with MMSegmentation's own configs, their
        # auxiliary heads (1.8 M, 2.4 M of ConvNeXt-XL) among the parameters.
        ('upernet_swin-l_8xb2-160k_ade20k-512x512', 234.0 - 1.8, 419),
        ('upernet_convnext-l_8xb2-160k_ade20k-640x640', 235.0 - 1.8, 614),
        ('upernet_convnext-xl_8xb2-160k_ade20k-640x640', 391.1 - 2.4, 834),
    ],
)
def test_peers_cost_what_is_known(name, parameters, gmacs):
    (data,) = [e['Metadata'] for e in ENTRIES if e['Name'] == name]
    assert data['Parameters (M)'] == pytest.approx(parameters, abs=0.2)
    assert data['GMACs'] == pytest.approx(gmacs, abs=1)
