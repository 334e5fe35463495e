# schedule_160k.py with the optimiser of MMSegmentation's ConvNeXt UPerNet:
# layer-wise learning rates, five times the weight decay, mixed precision (a
# GPU is needed).
_base_ = './schedule_160k.py'
optim_wrapper = dict(
    type='AmpOptimWrapper',
    loss_scale='dynamic',
    optimizer=dict(lr=1e-4, weight_decay=0.05),
    constructor='LearningRateDecayOptimizerConstructor',
    paramwise_cfg=dict(
        _delete_=True, decay_rate=0.9, decay_type='stage_wise', num_layers=12
    ),
)
