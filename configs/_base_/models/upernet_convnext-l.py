# UPerNet on ConvNeXt-L, as MMSegmentation's
# convnext-large_upernet_8xb2-amp-160k_ade20k-640x640 has it: the heads are
# those of Swin-L, whose maps are as wide. Needs mmpretrain.
_base_ = './upernet_swin-l.py'
checkpoint = (
    'https://download.openmmlab.com/mmclassification/v0/convnext/downstream/'
    'convnext-large_3rdparty_in21k_20220301-e6e0ea0a.pth'
)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ConvNeXt',
        arch='large',
        out_indices=[0, 1, 2, 3],
        drop_path_rate=0.4,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
        init_cfg=dict(
            type='Pretrained', checkpoint=checkpoint, prefix='backbone.'
        ),
    ),
)
