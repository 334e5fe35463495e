"""Hooks and launch helpers: what the stock tools lack."""

from ..fileio.checkpoint_schemes import install_checkpoint_reader
from ..fileio.pickle_handler import install_plain_pickle
from ..fileio.yaml_handler import install_plain_yaml
from ..registry import HOOKS, OPTIM_WRAPPER_CONSTRUCTORS, share_with_mmseg
from .accelerate_hook import AccelerateHook
from .checkpoint_check_hook import CheckpointCheckHook
from .checkpoint_hook import SafeCheckpointHook
from .data_check_hooks import ClassCheckHook, DepthRangeCheckHook
from .finite_hook import FiniteCheckHook
from .fsdp2_strategy import FSDP2Strategy
from .layer_decay import LayerDecayOptimWrapperConstructor
from .layer_rates import check_layer_decay
from .model_check_hook import ModelCheckHook
from .picture_hook import PictureHook
from .resume_hook import ResumeSettingsHook
from .save_depth_hook import SaveDepthHook
from .save_labels_hook import SaveLabelsHook
from .seed_hook import IterationSeedHook
from .signal_hook import StopOnSignalHook

__all__ = [
    'AccelerateHook',
    'CheckpointCheckHook',
    'ClassCheckHook',
    'DepthRangeCheckHook',
    'FSDP2Strategy',
    'FiniteCheckHook',
    'IterationSeedHook',
    'LayerDecayOptimWrapperConstructor',
    'ModelCheckHook',
    'PictureHook',
    'ResumeSettingsHook',
    'SafeCheckpointHook',
    'SaveDepthHook',
    'SaveLabelsHook',
    'StopOnSignalHook',
    'check_layer_decay',
]

install_checkpoint_reader()
install_plain_pickle()
install_plain_yaml()
share_with_mmseg(HOOKS)
share_with_mmseg(OPTIM_WRAPPER_CONSTRUCTORS)
