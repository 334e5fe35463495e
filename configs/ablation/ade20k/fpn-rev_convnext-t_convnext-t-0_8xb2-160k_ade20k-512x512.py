# Table 1, +Rev.: the stages in the order of the classifier, high to low
# resolution, after RS; still random, still with the links, without the image.
_base_ = './fpn_convnext-t_convnext-t-0_8xb2-160k_ade20k-512x512.py'
model = dict(
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder',
        weights=None,
        mix=None,
        pyramid_links=True,
    )
)
