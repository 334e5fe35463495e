"""Hooks and launch helpers: what the stock tools lack."""

from ..fileio.checkpoint import allow_mmengine_checkpoints
from ..registry import HOOKS, share_with_mmseg
from .accelerate_hook import AccelerateHook
from .checkpoint_hook import SafeCheckpointHook
from .data_check_hooks import ClassCheckHook, DepthRangeCheckHook
from .fsdp2_strategy import FSDP2Strategy
from .resume_hook import ResumeSettingsHook
from .save_depth_hook import SaveDepthHook
from .seed_hook import IterationSeedHook
from .signal_hook import StopOnSignalHook

__all__ = [
    'AccelerateHook',
    'ClassCheckHook',
    'DepthRangeCheckHook',
    'FSDP2Strategy',
    'IterationSeedHook',
    'ResumeSettingsHook',
    'SafeCheckpointHook',
    'SaveDepthHook',
    'StopOnSignalHook',
]

allow_mmengine_checkpoints()
share_with_mmseg(HOOKS)
