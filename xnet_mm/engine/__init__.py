"""Hooks and launch helpers: what the stock tools lack."""

from ..registry import HOOKS, share_with_mmseg
from .checkpoint_hook import SafeCheckpointHook
from .class_check_hook import ClassCheckHook
from .depth_range_check_hook import DepthRangeCheckHook
from .fsdp2_strategy import FSDP2Strategy
from .safe_globals import allow_mmengine_checkpoints
from .save_depth_hook import SaveDepthHook
from .seed_hook import IterationSeedHook

__all__ = [
    'ClassCheckHook',
    'DepthRangeCheckHook',
    'FSDP2Strategy',
    'IterationSeedHook',
    'SafeCheckpointHook',
    'SaveDepthHook',
]

allow_mmengine_checkpoints()
share_with_mmseg(HOOKS)
