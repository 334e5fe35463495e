# schedule_160k.py with the optimiser and decay of MMSegmentation's
# Mask2Former Swin-L: no warm-up, gradients clipped to 0.01, the encoder at a
# tenth of the learning rate.
_base_ = './schedule_160k.py'
encoder_norm = dict(lr_mult=0.1, decay_mult=0.0)
embedding = dict(lr_mult=1.0, decay_mult=0.0)
depths = [2, 2, 18, 2]
custom_keys = {
    'backbone': dict(lr_mult=0.1, decay_mult=1.0),
    'backbone.patch_embed.norm': encoder_norm,
    'backbone.norm': encoder_norm,
    'absolute_pos_embed': encoder_norm,
    'relative_position_bias_table': encoder_norm,
    'query_embed': embedding,
    'query_feat': embedding,
    'level_embed': embedding,
    **{
        f'backbone.stages.{stage}.blocks.{block}.norm': encoder_norm
        for stage, depth in enumerate(depths)
        for block in range(depth)
    },
    **{
        f'backbone.stages.{stage}.downsample.norm': encoder_norm
        for stage in range(len(depths) - 1)
    },
}
optim_wrapper = dict(
    optimizer=dict(lr=1e-4, weight_decay=0.05, eps=1e-8),
    clip_grad=dict(max_norm=0.01, norm_type=2),
    paramwise_cfg=dict(
        _delete_=True, custom_keys=custom_keys, norm_decay_mult=0.0
    ),
)
param_scheduler = [
    dict(
        type='PolyLR',
        power=0.9,
        eta_min=0,
        by_epoch=False,
        begin=0,
        end=160000,
    )
]
train_cfg = dict(val_interval=5000)
default_hooks = dict(checkpoint=dict(interval=5000))
