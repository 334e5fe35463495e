"""Weights, gradients and optimiser states split over the processes."""

import io
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import torch
from mmengine._strategy import DDPStrategy
from mmengine._strategy.single_device import SingleDeviceStrategy
from mmengine.device import get_device
from mmengine.dist import is_distributed, is_main_process
from mmengine.optim import BaseOptimWrapper
from torch import nn

from ..compat import need_torch
from ..fileio.atomic import write_atomically
from ..registry import STRATEGIES

# Class names of the residual blocks of timm, MMSegmentation and MMPretrain.
BLOCKS = ('Block', 'BlockV2', 'Bottleneck', 'Residual', 'EncoderLayer')


@STRATEGIES.register_module()
class FSDP2Strategy(DDPStrategy):
    """PyTorch's `fully_shard` (FSDP2) for MMEngine's FlexibleRunner.

    Each process keeps its share of every weight, of its gradient and of the
    optimiser's states; a block is gathered when its turn comes. Unlike
    MMEngine's own FSDPStrategy, a weight keeps its name and its shape, so
    `paramwise_cfg` (no weight decay on one-dimensional parameters) and
    `clip_grad` do what they do without it.

    Checkpoints hold whole tensors, written once and renamed: they load
    without this strategy, and resume with it on any number of processes.

    In validation every block is gathered once and kept: processes may then
    take different numbers of sliding windows without waiting for each other.

    Raises:
        RuntimeError: training with `--launcher none`, or PyTorch < 2.6.
    """

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if not is_distributed():  # testing
            return SingleDeviceStrategy._wrap_model(self, model)
        need_torch('2.6', "FSDP2Strategy. Use dict(type='DDPStrategy').")
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        device = get_device()
        model = self.convert_model(model.to(device))
        device_type = torch.device(device).type
        mesh = init_device_mesh(
            device_type, (torch.distributed.get_world_size(),)
        )
        for module in [*model.modules()]:
            if type(module).__name__.endswith(BLOCKS):
                fully_shard(module, mesh=mesh)
        fully_shard(model, mesh=mesh)
        model.register_forward_pre_hook(
            lambda root, _: root.set_reshard_after_forward(root.training)
        )
        return model

    def build_optim_wrapper(
        self, optim_wrapper: Any, model: nn.Module | None = None
    ) -> BaseOptimWrapper:
        """Build it, on the sharded weights."""
        if not is_distributed():
            raise RuntimeError(
                'FSDP2Strategy splits the model over processes, and there is '
                'one: start with tools/dist_train.sh CONFIG PROCESSES, or '
                'take a config without it.'
            )
        return super().build_optim_wrapper(optim_wrapper, model)

    def model_state_dict(self) -> dict:
        """Whole tensors on the CPU in the first process, else nothing."""
        return _states().get_model_state_dict(self.model, options=_options())

    def optim_state_dict(self) -> dict:
        """Whole states by parameter name in the first process."""
        state_dict = _states().get_optimizer_state_dict(
            self.model, self.optim_wrapper.optimizer, options=_options()
        )
        # The base learning rate that the log shows; as OptimWrapper has it.
        base = self.optim_wrapper.base_param_settings
        return {**state_dict, 'base_param_settings': base}

    def load_model_state_dict(
        self, state_dict: dict, *, strict: bool = False, **kwargs: Any
    ) -> None:
        """Load whole tensors, as any MMEngine checkpoint has them."""
        if not is_distributed():
            super().load_model_state_dict(state_dict, strict=strict, **kwargs)
            return
        _states().set_model_state_dict(
            self.model, state_dict, options=_options(strict=strict)
        )

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """Load what `optim_state_dict` gave, on any number of processes."""
        base = state_dict.pop('base_param_settings', None)
        if base is not None:
            self.optim_wrapper.base_param_settings = base
        _states().set_optimizer_state_dict(
            self.model,
            self.optim_wrapper.optimizer,
            state_dict,
            options=_options(),
        )

    def save_checkpoint(
        self,
        filename: str,
        *,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        extra_ckpt: dict | None = None,
        callback: Callable | None = None,
    ) -> None:
        """Gather from all processes, write by the first."""
        checkpoint = dict(state_dict=self.model_state_dict())
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_state_dict()
        if save_param_scheduler and hasattr(self, 'param_schedulers'):
            checkpoint['param_schedulers'] = self.scheduler_state_dict()
        checkpoint.update(extra_ckpt or {})
        checkpoint.setdefault('meta', {})['seed'] = self.seed
        if callback is not None:
            callback(checkpoint)
        if is_main_process():
            data = io.BytesIO()
            torch.save(checkpoint, data)
            write_atomically(filename, data.getbuffer())
        torch.distributed.barrier()


def _states() -> ModuleType:
    """PyTorch's functions, from 2.2 on: imported where they are used."""
    return import_module('torch.distributed.checkpoint.state_dict')


def _options(**more: Any) -> Any:
    return _states().StateDictOptions(
        full_state_dict=True, cpu_offload=True, **more
    )
