"""Pyramid links of the reversed decoder: equation 2, high to low."""

import pytest
import torch
import torch.nn.functional as F
from tiny_boxes import SWIN, assembled
from torch.testing import assert_close

from xnet_mm.models import PretrainedReversedDecoder
from xnet_mm.models.classifier import build_classifier

WIDTHS = [5, 6, 7, 9]


def resnet(classifier, image):
    stem = classifier.maxpool(
        classifier.act1(classifier.bn1(classifier.conv1(image)))
    )
    stages = [getattr(classifier, f'layer{i}') for i in (1, 2, 3, 4)]
    return stem, stages


def swin(classifier, image):
    """(B,H,W,C) inside, (B,C,H,W) outside."""

    def outside(layer):
        return lambda x: layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    stem = classifier.patch_embed(image).permute(0, 3, 1, 2)
    return stem, [outside(layer) for layer in classifier.layers]


@pytest.mark.parametrize(
    ('config', 'take_apart'),
    [('resnet18', resnet), (SWIN, swin)],
    ids=['resnet', 'swin'],
)
@pytest.mark.parametrize('mix', ['stem', None])
@pytest.mark.parametrize('size', [(64, 96), (70, 90)], ids=['even', 'odd'])
def test_links_are_added_to_what_stages_2_to_4_take_in(
    config, take_apart, mix, size, tmp_path
):
    torch.manual_seed(0)
    _, classifier = build_classifier(config)
    torch.save(classifier.state_dict(), tmp_path / 'classifier.pth')
    classifier.eval()
    neck = PretrainedReversedDecoder(
        config,
        weights=str(tmp_path / 'classifier.pth'),
        mix=mix,
        mix_init='random',
        pyramid_links=True,
        in_channels=WIDTHS,
        in_stride=32,
    ).eval()
    neck.init_weights()
    image = torch.rand(2, 3, *size)
    # Rounded down and up: no encoder has the sizes of the decoder for sure.
    maps = [
        torch.randn(2, c, size[0] // s, -(-size[1] // s))
        for c, s in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    ]
    with torch.no_grad():
        ours = neck((image, *maps))
        x, stages = take_apart(classifier, image)
        reshaped = F.interpolate(
            neck.reshape(maps[-1]), x.shape[-2:], mode='bilinear'
        )
        x = reshaped if mix is None else x * reshaped
        wanted = []
        for i, stage in enumerate(stages):
            if i:
                weight, bias = neck.links[i - 1].parameters()
                link = torch.einsum(
                    'oc,bchw->bohw', weight[..., 0, 0], maps[i - 1]
                )
                link = link + bias[:, None, None]
                x = x + F.interpolate(link, x.shape[-2:], mode='bilinear')
            x = stage(x)
            wanted.append(x)
    for a, b in zip(ours, wanted, strict=True):
        assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('config', ['resnet18', SWIN], ids=['resnet', 'swin'])
def test_the_last_map_alone_gives_every_parameter_a_gradient(config):
    torch.manual_seed(0)
    neck = PretrainedReversedDecoder(
        config,
        mix=None,
        pyramid_links=True,
        in_channels=WIDTHS,
        in_stride=32,
    )
    maps = [
        torch.randn(2, c, 64 // s, 96 // s)
        for c, s in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    ]
    last = neck((torch.rand(2, 3, 64, 96), *maps))[-1]
    (last * torch.randn_like(last)).sum().backward()
    for name, parameter in neck.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_an_encoder_of_one_map_is_told_what_to_set():
    encoder = dict(type='xnet_mm.PretrainedEncoder', encoder='resnet18')
    neck = dict(
        type='xnet_mm.PretrainedReversedDecoder',
        decoder='resnet18',
        pyramid_links=True,
    )
    with pytest.raises(
        ValueError,
        match=r'wants four maps of the encoder and got 1\. Set pyramid=True',
    ):
        assembled(encoder, neck)
    model = assembled(dict(encoder, pyramid=True), neck)
    assert [link.in_channels for link in model.neck.links] == [64, 128, 256]


def test_maps_of_other_widths_are_named():
    neck = PretrainedReversedDecoder(
        'resnet18', pyramid_links=True, in_channels=WIDTHS, in_stride=32
    )
    maps = [torch.rand(1, c, 4, 4) for c in (5, 6, 8, 9)]
    with pytest.raises(ValueError, match=r'of widths \[5, 6, 7, 9\]'):
        neck((torch.rand(1, 3, 64, 64), *maps))
    with pytest.raises(ValueError, match=r'of widths \[5, 6, 7, 9\]'):
        neck((torch.rand(1, 3, 64, 64), maps[-1]))  # a map is not four
