"""The identity test, for every family, and the decoder's contracts."""

import pytest
import timm
import torch
from decoder_families import FAMILIES, family
from mmseg.registry import MODELS
from torch.testing import assert_close

from xnet_mm.models import PretrainedReversedDecoder
from xnet_mm.models.classifier import build_classifier, is_registered


def native_maps(config, classifier, image):
    """The four maps by the library's own means."""
    if not is_registered(config):
        return classifier.forward_intermediates(
            image, intermediates_only=True, output_fmt='NCHW'
        )[-4:]
    for i in range(4):  # mmpretrain norms what it returns
        setattr(classifier, f'norm{i}', torch.nn.Identity())
    classifier.out_indices = (0, 1, 2, 3)
    classifier.gap_before_final_norm = False
    return classifier(image)


@family(FAMILIES)
@pytest.mark.parametrize('mix', ['stem', 'image'])
def test_identity(config, mix, tmp_path):
    """With RS at one, the neck is the untouched classifier.

    Bit for bit but for Swin, whose attention sums in another order.
    """
    torch.manual_seed(1)
    _, classifier = build_classifier(config)
    for tensor in classifier.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand_like(tensor) * 0.1)  # no default is kept
    torch.save(classifier.state_dict(), tmp_path / 'classifier.pth')
    neck = PretrainedReversedDecoder(
        config,
        weights=str(tmp_path / 'classifier.pth'),
        mix=mix,
        in_channels=7,
        in_stride=32,
    )
    neck.init_weights()
    neck.eval()
    classifier.eval()
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        ours = neck((image, torch.randn(2, 7, 2, 3)))
        wanted = native_maps(config, classifier, image)
    assert len(ours) == 4
    for a, b in zip(ours, wanted, strict=True):
        tolerance = 1e-5 if 'swin' in str(config) else 0
        assert_close(a, b, rtol=tolerance, atol=10 * tolerance)


@family(FAMILIES)
def test_every_parameter_gets_a_gradient(config):
    torch.manual_seed(0)
    neck = PretrainedReversedDecoder(
        config, mix_init='random', in_channels=7, in_stride=32
    )
    maps = neck((torch.rand(2, 3, 64, 96), torch.randn(2, 7, 2, 3)))
    sum((m * torch.randn_like(m)).sum() for m in maps).backward()
    for name, parameter in neck.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_mix_none_sees_neither_image_nor_stem():
    torch.manual_seed(0)
    neck = PretrainedReversedDecoder(
        'resnet18', mix=None, in_channels=7, in_stride=32
    ).eval()
    assert not [n for n, _ in neck.named_parameters() if 'stem' in n]
    feature = torch.randn(1, 7, 2, 3)
    a = neck((torch.rand(1, 3, 64, 96), feature))
    b = neck((torch.rand(1, 3, 64, 96), feature))
    for x, y in zip(a, b, strict=True):
        assert torch.equal(x, y)
    assert [tuple(m.shape[-2:]) for m in a] == [
        (16, 24), (8, 12), (4, 6), (2, 3)
    ]  # fmt: skip


def test_mix_multiplies():
    """With RS at two, ResNet's maps are those of a doubled stem output."""
    torch.manual_seed(0)
    neck = PretrainedReversedDecoder('resnet18', in_channels=7).eval()
    torch.nn.init.constant_(neck.reshape.project.bias, 2.0)
    image = torch.rand(1, 3, 64, 64)
    stem = neck.decoder.forward_stem(image)
    wanted = neck.decoder.forward_stages(2 * stem)
    for x, y in zip(
        neck((image, torch.randn(1, 7, 2, 2))), wanted, strict=True
    ):
        assert torch.equal(x, y)


def test_a_backbone_that_shows_no_image_is_told_what_to_use():
    neck = PretrainedReversedDecoder('resnet18', in_channels=7)
    maps = torch.rand(1, 64, 16, 16), torch.rand(1, 7, 2, 2)
    with pytest.raises(ValueError, match=r'got \(1, 64, 16, 16\).*Pretrained'):
        neck(maps)
    with pytest.raises(ValueError, match=r'of widths \[7\], as a Pretrained'):
        neck((torch.rand(1, 3, 64, 64), torch.rand(1, 8, 2, 2)))


@pytest.mark.parametrize('option', ['mix', 'mix_init'])
def test_unknown_words_are_named(option):
    with pytest.raises(ValueError, match=f"{option}='sum'; wanted 'i|s"):
        PretrainedReversedDecoder('resnet18', in_channels=7, **{option: 'sum'})


@family(
    {k: v for k, v in FAMILIES.items() if k in ('convnext', 'swin',
     'resnet', 'efficientnet-lite', 'mmpretrain convnext')}
)  # fmt: skip
def test_checkpointing_changes_nothing_but_memory(config):
    results = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        neck = PretrainedReversedDecoder(
            config, in_channels=7, in_stride=32, with_cp=with_cp
        )
        for module in neck.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 0.0
        inputs = torch.rand(2, 3, 64, 64), torch.rand(2, 7, 2, 2)
        maps = neck(inputs)
        sum(m.square().mean() for m in maps).backward()
        grads = {n: p.grad for n, p in neck.named_parameters()}
        results.append((maps, grads))
    (maps, grads), (maps_cp, grads_cp) = results
    for a, b in zip(maps, maps_cp, strict=True):
        assert_close(a, b)
    assert_close(grads, grads_cp)


def test_sync_bn_conversion_keeps_the_activation():
    """torch's conversion loses timm's fused activation without a word."""
    neck = PretrainedReversedDecoder(
        'tf_efficientnet_lite0', in_channels=7
    ).eval()
    inputs = torch.randn(1, 3, 64, 64), torch.randn(1, 7, 2, 2)
    before = neck(inputs)
    converted = torch.nn.SyncBatchNorm.convert_sync_batchnorm(neck).eval()
    assert any(
        isinstance(m, torch.nn.SyncBatchNorm) for m in converted.modules()
    )
    for a, b in zip(converted(inputs), before, strict=True):
        assert_close(a, b)


def test_names_are_the_classifiers_own_families():
    assert 'PretrainedReversedDecoder' in MODELS.module_dict
    neck = PretrainedReversedDecoder('convnext_atto', in_channels=7)
    assert (
        neck.out_channels
        == timm.create_model(
            'convnext_atto', features_only=True
        ).feature_info.channels()
    )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            dict(decoder=None),
            r'None cannot serve as .*wanted the name of a ti',
        ),
        (
            dict(decoder=dict(model_name='convnext_atto')),
            r'wanted the name of',
        ),
        (
            dict(decoder='convnext_atom'),
            r'; it knows convnext_atto, .*What ca',
        ),
        (dict(in_channels=0), r'in_channels=\[0\]; wanted a list of whole'),
        (dict(in_channels=[8, -1]), r'in_channels=\[8, -1\]; wanted a list'),
        (dict(in_stride=0), r'in_stride=0; wanted a finite number above 0'),
        (dict(in_stride=-32), r'in_stride=-32; wanted a finite number above'),
    ],
)
def test_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        PretrainedReversedDecoder(
            **{'decoder': 'convnext_atto', 'in_channels': 8, **options}
        )
