# Loaders and test-time augmentation of all depth data: those of 8 GPUs x 2
# images. The bases in ../datasets/ add files, pipelines and the protocol.
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
)
test_dataloader = val_dataloader

# What test_cfg.flip='mean' of the model does in one pass over the data.
flip = dict(
    type='TestTimeAug',
    transforms=[
        [
            dict(type='xnet_mm.DepthRandomFlip', prob=0.0),
            dict(type='xnet_mm.DepthRandomFlip', prob=1.0),
        ],
        [dict(type='xnet_mm.LoadDepth')],
        [dict(type='xnet_mm.PackDepthInputs')],
    ],
)
tta_pipeline = [dict(type='LoadImageFromFile'), flip]
