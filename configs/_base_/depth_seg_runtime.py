# default_runtime.py for classes and depth: pictures of both, test-time
# augmentation of both, and a comparison of classes and of ranges.
_base_ = './default_runtime.py'
visualizer = dict(type='xnet_mm.DepthSegPanelVisualizer')
tta_model = dict(_delete_=True, type='xnet_mm.DepthSegTTAModel')
custom_hooks = [
    dict(type='xnet_mm.AccelerateHook'),
    dict(type='xnet_mm.CheckpointCheckHook'),
    dict(type='xnet_mm.ClassCheckHook'),
    dict(type='xnet_mm.DepthRangeCheckHook'),
    dict(type='xnet_mm.FiniteCheckHook'),
    dict(type='xnet_mm.ModelCheckHook'),
    dict(type='xnet_mm.IterationSeedHook'),
    dict(type='xnet_mm.ResumeSettingsHook'),
    dict(type='xnet_mm.StopOnSignalHook'),
]
