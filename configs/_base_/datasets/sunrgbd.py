# Trained on NYU-Depth-V2, tested on SUN RGB-D: 5,050 images of several sizes,
# each at its own. The layout is in configs/sunrgbd/README.md.
_base_ = './nyu.py'
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='xnet_mm.SUNRGBDDataset',
        data_root='{{$XNET_MM_DATA:data}}/sunrgbd',
        ann_file='SUNRGBD_val_splits.txt',
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    ),
)
# 654 of the images are also in NYU-Depth-V2.
test_evaluator = dict(
    _delete_=True,
    type='xnet_mm.DepthEvaluator',
    metrics=[
        dict(type='xnet_mm.DepthProtocolMetric', protocol='sun_rgbd'),
        dict(
            type='xnet_mm.DepthProtocolMetric',
            protocol='sun_rgbd_without_nyu',
            prefix='without_nyu',
        ),
    ],
)
