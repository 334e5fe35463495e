# Test-time augmentation of all depth data, on the loaders of all. The bases in
# ../datasets/ add the protocol.
_base_ = './default.py'

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
tta_pipeline = [dict(type='xnet_mm.LoadImage'), flip]
