"""Hooks and launch helpers: what the stock tools lack."""

from ..fileio.checkpoint_schemes import install_checkpoint_reader
from ..fileio.yaml_handler import install_plain_yaml
from ..registry import HOOKS, share_with_mmseg
from .accelerate_hook import AccelerateHook
from .checkpoint_check_hook import CheckpointCheckHook
from .checkpoint_hook import SafeCheckpointHook
from .data_check_hooks import ClassCheckHook, DepthRangeCheckHook
from .fsdp2_strategy import FSDP2Strategy
from .save_depth_hook import SaveDepthHook
from .seed_hook import IterationSeedHook

__all__ = [
    'AccelerateHook',
    'CheckpointCheckHook',
    'ClassCheckHook',
    'DepthRangeCheckHook',
    'FSDP2Strategy',
    'IterationSeedHook',
    'SafeCheckpointHook',
    'SaveDepthHook',
]

install_checkpoint_reader()
install_plain_yaml()
share_with_mmseg(HOOKS)
