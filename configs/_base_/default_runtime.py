default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Seconds that a process waits for the others, then all end.
    dist_cfg=dict(backend='nccl', timeout=600),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='xnet_mm.SegPanelVisualizer',
    vis_backends=vis_backends,
    name='visualizer',
)
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False

tta_model = dict(type='SegTTAModel')

# A run that is killed and resumed ends as one that was not: each iteration
# is seeded by its number. It needs a seed that does not change.
randomness = dict(seed=0)
custom_hooks = [
    dict(type='xnet_mm.AccelerateHook'),  # same results, without it slower
    dict(type='xnet_mm.CheckpointCheckHook'),
    dict(type='xnet_mm.ClassCheckHook'),
    dict(type='xnet_mm.FiniteCheckHook'),
    dict(type='xnet_mm.ModelCheckHook'),
    dict(type='xnet_mm.IterationSeedHook'),
    dict(type='xnet_mm.ResumeSettingsHook'),
    dict(type='xnet_mm.StopOnSignalHook'),  # saves first: see docs
]
