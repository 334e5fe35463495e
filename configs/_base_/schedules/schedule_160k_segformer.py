# schedule_160k.py with the optimiser of MMSegmentation's SegFormer: a low
# learning rate, ten times of it for the head.
_base_ = './schedule_160k.py'
optim_wrapper = dict(
    optimizer=dict(lr=6e-5),
    paramwise_cfg=dict(
        _delete_=True,
        custom_keys=dict(
            pos_block=dict(decay_mult=0.0),
            norm=dict(decay_mult=0.0),
            head=dict(lr_mult=10.0),
        ),
    ),
)
