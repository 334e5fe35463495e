"""PFP with the probe folded in, and by bands: the plain path's results."""

import pytest
import torch
from torch import Tensor, nn

from xnet_mm.fast import accelerate, restore, when
from xnet_mm.fast.pfp import can_fold, compose, fold_probe
from xnet_mm.models import (
    PFPDepthHead,
    PFPHead,
    PostFeaturePyramid,
    ReShape,
)

WIDTHS = [6, 10, 12, 20]


def pyramid(height: int, width: int, batch: int = 2) -> list[Tensor]:
    return [
        torch.randn(batch, c, -(-height // s), -(-width // s))
        for c, s in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    ]


def plain_reshape(reshape: ReShape, x: Tensor) -> Tensor:
    """RS in the words of its docstring, one box after the other."""
    x = reshape.expand(reshape.norm(x.movedim(1, -1))).movedim(-1, 1)
    r = reshape.scale_factor
    if isinstance(reshape.upsample, nn.PixelShuffle):
        x = nn.PixelShuffle(r)(x)
    else:
        x = reshape.upsample[0](x)
        x = nn.functional.interpolate(x, scale_factor=r, mode='bilinear')
    return reshape.project(reshape.act(x).movedim(1, -1)).movedim(-1, 1)


def plain_logits(head: PFPHead, maps: list[Tensor]) -> Tensor:
    size = maps[0].shape[-2:]
    lifted = []
    for reshape, x in zip(head.pfp.reshapes, maps, strict=True):
        x = plain_reshape(reshape, x)
        if x.shape[-2:] != size:
            x = nn.functional.interpolate(x, size=size, mode='bilinear')
        lifted.append(x)
    return head.conv_seg(plain_reshape(head.pfp.fuse, torch.cat(lifted, 1)))


def random_head(kind: type, **options) -> PFPHead:
    torch.manual_seed(0)
    head = kind(in_channels=WIDTHS, channels=8, pyramid_channels=16, **options)
    for parameter in head.parameters():
        nn.init.normal_(parameter, std=0.3)
    return accelerate(head.eval())


# (70, 100): strides that do not divide; RS is then followed by a resize.
@pytest.mark.parametrize('size', [(64, 96), (160, 32), (70, 100)])
@pytest.mark.parametrize('out_stride', [1, 2, 4])
@pytest.mark.parametrize('piece', [1, 300_000, 2**24])
@pytest.mark.parametrize('upsample', ['shuffle', 'bilinear'])
def test_logits_equal_the_plain_path(
    size, out_stride, piece, upsample, monkeypatch
):
    monkeypatch.setattr(when, 'PIECE_BYTES', piece)
    head = random_head(
        PFPHead, num_classes=5, out_stride=out_stride, upsample=upsample
    )
    maps = pyramid(*size)
    with torch.no_grad():
        torch.testing.assert_close(
            head(maps), plain_logits(head, maps), rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize('upsample', ['shuffle', 'bilinear'])
def test_bands_say_which_widths_came(upsample):
    head = random_head(PFPHead, num_classes=5, upsample=upsample)
    maps = pyramid(64, 96)
    maps[1] = maps[1][:, :-1]
    with (
        torch.no_grad(),
        pytest.raises(ValueError, match=r'widths \[6, 9, 12, 20\].*built for'),
    ):
        head(maps)


def test_gradients_equal_the_plain_path():
    head = random_head(PFPHead, num_classes=5)
    maps = [m.requires_grad_() for m in pyramid(64, 32)]
    wanted = [*maps, *head.parameters()]
    scale = torch.randn(2, 5, 64, 32)
    ours = torch.autograd.grad((head(maps) * scale).sum(), wanted)
    theirs = torch.autograd.grad(
        (plain_logits(head, maps) * scale).sum(), wanted
    )
    for a, b in zip(ours, theirs, strict=True):
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()


def test_depth_equals_the_plain_path():
    head = random_head(PFPDepthHead, max_depth=10.0)
    maps = pyramid(64, 96)
    with torch.no_grad():
        logits = plain_logits(head, maps)
        wanted = 1e-3 + (10 - 1e-3) * logits.sigmoid()
        torch.testing.assert_close(head(maps), wanted, rtol=1e-5, atol=1e-5)


def test_half_precision_stays_near():
    """The probe is folded in float32; bfloat16 rounds by 0.4 % a layer."""
    head = random_head(PFPHead, num_classes=5)
    maps = pyramid(64, 96)
    with torch.no_grad():
        exact = head(maps)
        with torch.autocast('cpu', torch.bfloat16):
            ours = head(maps).float()
    assert (ours - exact).abs().max() < 0.02 * exact.abs().max()


def test_dropout_drops_channels_before_the_probe_in_training():
    head = random_head(PFPHead, num_classes=5, dropout_ratio=0.5)
    maps = pyramid(32, 32)
    with torch.no_grad():
        assert torch.equal(head(maps), head(maps))
        head.train()
        torch.manual_seed(1)
        ours = head(maps)
        torch.manual_seed(1)
        wanted = head.conv_seg(head.dropout(head.pfp(maps)))
    torch.testing.assert_close(ours, wanted, rtol=1e-5, atol=1e-5)


def test_logits_of_the_images_size_are_not_resized():
    head = random_head(PFPHead, num_classes=5)
    logits = torch.randn(1, 5, 30, 40)
    same = [dict(img_shape=(30, 40), pad_shape=(30, 40, 3))]
    assert head.predict_by_feat(logits, same) is logits
    padded = [dict(img_shape=(28, 40), pad_shape=(60, 80, 3))]
    assert head.predict_by_feat(logits, padded).shape == (1, 5, 60, 80)


def test_bands_never_hold_the_widest_map(monkeypatch):
    """Each call of the fusing RS sees rows of one band, all together once."""
    pfp = PostFeaturePyramid(WIDTHS, [4, 8, 16, 32], 16, 8)
    accelerate(pfp)
    monkeypatch.setattr(when, 'PIECE_BYTES', 1)
    seen = []
    pfp.fuse.expand.register_forward_hook(
        lambda module, args, output: seen.append(args[0].shape[1])
    )
    with torch.no_grad():
        pfp(pyramid(96, 64, batch=1))
    assert seen == [8, 8, 8]


@pytest.mark.parametrize('name', ['conv_seg', 'pfp.fuse.project', 'pfp.fuse'])
@pytest.mark.parametrize('kind', [PFPHead, PFPDepthHead])
def test_who_is_watched_is_called(kind, name):
    options = dict(num_classes=5) if kind is PFPHead else {}
    head = random_head(kind, **options)
    maps = pyramid(64, 96)
    with torch.no_grad():
        wanted = head(maps)
        assert can_fold(head)
        seen = []
        handle = head.get_submodule(name).register_forward_hook(
            lambda module, args, output: seen.append(tuple(output.shape))
        )
        assert not can_fold(head)
        torch.testing.assert_close(head(maps), wanted, rtol=1e-5, atol=1e-5)
    assert len(seen) == 1
    handle.remove()
    assert can_fold(head)


def test_the_probe_is_folded_once():
    """Into one layer of the formula's weights; the old ones stay."""
    head = random_head(PFPHead, num_classes=5)
    maps = pyramid(64, 96)
    first, probe = head.pfp.fuse.project, head.conv_seg
    matrix = probe.weight[:, :, 0, 0].double()
    weight = matrix @ first.weight.double()
    bias = matrix @ first.bias.double() + probe.bias.double()
    with torch.no_grad():
        wanted = head(maps)
        fold_probe(head)
        both = head.pfp.fuse.project
        torch.testing.assert_close(both.weight.double(), weight)
        torch.testing.assert_close(both.bias.double(), bias)
        assert isinstance(head.conv_seg, nn.Identity)
        assert torch.equal(head(maps), wanted)
        torch.testing.assert_close(  # and the plain forward runs on it
            restore(head)(maps), wanted, rtol=1e-5, atol=1e-5
        )


def test_a_probe_that_cannot_be_folded_stays():
    head = random_head(PFPHead, num_classes=5, dropout_ratio=0.5).train()
    probe = head.conv_seg
    fold_probe(head)
    assert head.conv_seg is probe
    head.eval()
    head.conv_seg = nn.Conv2d(8, 5, 3, padding=1)
    assert not can_fold(head)
    maps = pyramid(32, 32)
    with torch.no_grad():
        wanted = head.conv_seg(head.pfp(maps))
        torch.testing.assert_close(head(maps), wanted)


def test_the_last_layer_in_full_precision_also_under_autocast():
    first, probe = nn.Linear(6, 6), nn.Conv2d(6, 3, 1, bias=False)
    with torch.autocast('cpu', torch.bfloat16):
        weight, bias = compose(first, probe)
    matrix = probe.weight[:, :, 0, 0]
    assert weight.dtype == bias.dtype == torch.float32
    torch.testing.assert_close(weight, matrix @ first.weight)
    torch.testing.assert_close(bias, matrix @ first.bias)
