"""Widths asked of the box before: of this model's, never of another's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from mmseg.models.decode_heads import FCNHead
from mmseg.registry import MODELS
from tiny_boxes import (
    DINOV2,
    RESNET,
    SMALL,
    assembled,
    estimator,
    segmentor,
)

from xnet_mm.models import (
    FPNDecoder,
    PFPHead,
    PretrainedEncoder,
    PretrainedReversedDecoder,
)
from xnet_mm.models.handover import Pyramid, take_over

FOREIGN = {
    'ResNetV1c': RESNET,
    'UNet': dict(
        type='UNet',
        base_channels=4,
        num_stages=2,
        strides=(1, 1),
        enc_num_convs=(1, 1),
        dec_num_convs=(1,),
        downsamples=(True,),
        enc_dilations=(1, 1),
        dec_dilations=(1,),
    ),
    'SwinTransformer': dict(
        type='SwinTransformer',
        embed_dims=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    ),
}
HEADS = {
    'PFPHead': dict(num_classes=5, **SMALL),
    'PFPDepthHead': SMALL,
    'UPerDepthHead': dict(channels=8, norm_cfg=dict(type='BN')),
    'DPTDepthHead': dict(channels=8),
}
TINY = dict(
    type='timm', model_name='convnext_atto', depths=(1, 1, 1, 1), dims=(8,) * 4
)
NECKS = {
    'PretrainedReversedDecoder': dict(decoder=TINY),
    'FPNDecoder': dict(decoder=TINY),
}
PYRAMID = dict(type='xnet_mm.PretrainedPyramid', encoder='resnet10t')
MULTI_LEVEL = dict(
    type='MultiLevelNeck', in_channels=[64, 128, 256, 512], out_channels=8
)


def box(taker, **more):
    options = (HEADS | NECKS)[taker]
    return dict(type=f'xnet_mm.{taker}', **options, **more)


def in_its_slot(taker):
    return {'neck' if taker in NECKS else 'decode_head': box(taker)}


class Asking(FCNHead):
    """A head that keeps what it was told."""

    def __init__(self, **options):
        told = take_over('Asking')
        super().__init__(**options)
        self.told = told


def asking():
    return dict(
        type=Asking,
        in_channels=1,
        channels=1,
        num_convs=0,
        concat_input=False,
        num_classes=2,
    )


@pytest.mark.parametrize('taker', [*HEADS, *NECKS])
@pytest.mark.parametrize('backbone', FOREIGN)
def test_a_foreign_backbone_is_a_clear_error(taker, backbone):
    segmentor(TINY, TINY), estimator()  # whose widths must not come back
    with pytest.raises(
        ValueError,
        match=f'{taker} got in_channels=None, and the {backbone} before it '
        'does not say its widths and strides, as a PretrainedEncoder, .*does'
        r'\. Give in_channels \(and strides\) as in any head of MMSeg',
    ):
        assembled(FOREIGN[backbone], **in_its_slot(taker))


@pytest.mark.parametrize('taker', HEADS)
def test_a_foreign_neck_hides_our_backbone(taker):
    """The head sees the neck's maps, which are not the backbone's."""
    with pytest.raises(
        ValueError,
        match=f'{taker} got in_channels=None, and the MultiLevelNeck before',
    ):
        assembled(PYRAMID, MULTI_LEVEL, box(taker))


@pytest.mark.parametrize('taker', [*HEADS, *NECKS])
def test_outside_of_a_model_is_a_clear_error(taker):
    estimator()
    with pytest.raises(
        ValueError,
        match=f'{taker} got in_channels=None, and it is built outside of a '
        r'model\. Give in_channels \(and strides\)',
    ):
        MODELS.build(box(taker))


def test_widths_given_by_hand_need_no_model():
    head = MODELS.build(box('PFPHead', in_channels=[3, 4], in_strides=[4, 8]))
    assert head.in_channels == [3, 4]
    assert [r.scale_factor for r in head.pfp.reshapes] == [1, 2]
    model = assembled(
        RESNET,
        decode_head=box('DPTDepthHead', in_channels=[64, 128, 256, 512]),
    )
    maps = model.extract_feat(torch.rand(1, 3, 64, 96))
    assert model.decode_head(maps).shape == (1, 1, 32, 48)


def test_the_neck_tells_and_without_one_the_backbone():
    model = assembled(PYRAMID, decode_head=asking())
    wanted = Pyramid([64, 128, 256, 512], [4, 8, 16, 32])
    assert model.decode_head.told == wanted
    # A copy: whoever changes it changes no box.
    model.decode_head.told.channels.clear()
    model.decode_head.told.strides.clear()
    assert model.backbone.out_channels == wanted.channels
    assert model.backbone.out_strides == wanted.strides
    encoder = dict(
        type='xnet_mm.PretrainedEncoder', encoder='resnet10t', pyramid=True
    )
    model = assembled(encoder, box('FPNDecoder'), asking())
    assert model.decode_head.told == ([8], [4])
    assert model.neck.in_channels == wanted.channels


def test_an_auxiliary_head_is_told_the_same():
    head = box('PFPHead')
    model = segmentor('resnet10t', decode_head=head, auxiliary_head=[head] * 2)
    for auxiliary in model.auxiliary_head:
        assert auxiliary.in_channels == model.neck.out_channels


def check_widths(model, encoder, decoder):
    """Of an xNet, whose widths are known from timm."""
    assert model.neck.in_channels == encoder
    assert model.decode_head.in_channels == decoder
    assert model.decode_head.pfp.in_channels == decoder


CONVNEXT = [40, 80, 160, 320]
LITE0 = [24, 40, 112, 320]
RESNET18 = [64, 128, 256, 512]


def test_models_built_in_turns_do_not_mix():
    first = segmentor('resnet18', 'convnext_atto')
    second = segmentor(TINY, 'resnet18')
    third = segmentor('convnext_atto', 'tf_efficientnet_lite0')
    again = segmentor('resnet18', 'convnext_atto')
    check_widths(first, [512], CONVNEXT)
    check_widths(second, [8], RESNET18)
    check_widths(third, [320], LITE0)
    check_widths(again, [512], CONVNEXT)


class WithTeacher(PretrainedEncoder):
    """A backbone that builds a whole other model."""

    def __init__(self, **options):
        super().__init__(**options)
        self.teacher = segmentor(TINY, 'resnet18')


class DecoderWithTeacher(PretrainedReversedDecoder):
    """A neck that builds another model before it asks, and after."""

    def __init__(self, **options):
        before = segmentor(TINY, 'resnet18')
        super().__init__(**options)
        self.teachers = [before, segmentor(TINY, 'resnet18')]


def test_a_model_within_a_model_does_not_mix():
    model = assembled(
        dict(type=WithTeacher, encoder='resnet18'),
        dict(type=DecoderWithTeacher, decoder='convnext_atto'),
        box('PFPHead'),
    )
    check_widths(model, [512], CONVNEXT)
    for teacher in (model.backbone.teacher, *model.neck.teachers):
        check_widths(teacher, [8], RESNET18)


def test_models_built_in_threads_do_not_mix():
    """Each box waits until the other thread's box of its kind is there."""
    barrier = threading.Barrier(2, timeout=120)

    class Encoder(PretrainedEncoder):
        def __init__(self, **options):
            super().__init__(**options)
            barrier.wait()

    class Decoder(PretrainedReversedDecoder):
        def __init__(self, **options):
            super().__init__(**options)
            barrier.wait()

    def build(pair):
        encoder, decoder = pair
        return assembled(
            dict(type=Encoder, encoder=encoder),
            dict(type=Decoder, decoder=decoder),
            box('PFPHead'),
        )

    pairs = [('resnet18', 'convnext_atto'), (TINY, 'tf_efficientnet_lite0')]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build, pairs)
    check_widths(first, [512], CONVNEXT)
    check_widths(second, [8], LITE0)


def test_strides_are_ints_where_they_are_whole():
    for scale, wanted in ((14 / 16, 16), (14 / 8, 8), (14 / 25, 25)):
        encoder = PretrainedEncoder(DINOV2, input_scale=scale)
        assert encoder.out_strides == [wanted]
        assert type(encoder.out_strides[0]) is int
    encoder = PretrainedEncoder(DINOV2, input_scale=0.8)
    assert encoder.out_strides == [17.5]


def test_classes_that_take_over_say_their_own_name():
    class MyHead(PFPHead):
        pass

    with pytest.raises(ValueError, match=r'MyHead got in_channels=None'):
        MyHead(num_classes=5)
    with pytest.raises(ValueError, match=r'FPNDecoder got in_channels=None'):
        FPNDecoder(TINY)
