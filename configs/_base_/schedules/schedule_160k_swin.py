# schedule_160k.py with the optimiser of MMSegmentation's Swin UPerNet: a
# quarter of the learning rate; biases decay.
_base_ = './schedule_160k.py'
optim_wrapper = dict(
    optimizer=dict(lr=6e-5),
    paramwise_cfg=dict(
        _delete_=True,
        custom_keys=dict(
            absolute_pos_embed=dict(decay_mult=0.0),
            relative_position_bias_table=dict(decay_mult=0.0),
            norm=dict(decay_mult=0.0),
        ),
    ),
)
