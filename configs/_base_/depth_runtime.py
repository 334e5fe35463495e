# default_runtime.py for depth: its pictures, its test-time augmentation, and
# a comparison of ranges instead of classes.
_base_ = './default_runtime.py'
visualizer = dict(type='xnet_mm.DepthPanelVisualizer')
tta_model = dict(_delete_=True, type='xnet_mm.DepthTTAModel')
custom_hooks = [
    dict(type='xnet_mm.AccelerateHook'),
    dict(type='xnet_mm.CheckpointCheckHook'),
    dict(type='xnet_mm.DepthRangeCheckHook'),
    dict(type='xnet_mm.FiniteCheckHook'),
    dict(type='xnet_mm.ModelCheckHook'),
    dict(type='xnet_mm.IterationSeedHook'),
    dict(type='xnet_mm.ResumeSettingsHook'),
    dict(type='xnet_mm.StopOnSignalHook'),
]
