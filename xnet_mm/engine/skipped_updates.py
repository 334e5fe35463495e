"""Updates that are left out because their numbers are none."""

from functools import partial, wraps
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_


class UpdateGuard:
    """Lets the optimiser step only where losses and gradients are finite.

    It stands before `backward` and `step` of the optimiser wrapper. A bad
    update leaves weights, states of the optimiser and buffers (of batch
    norms) as they were before it: with gradient accumulation, before the
    first of its iterations. All processes decide alike. What counts
    iterations goes on, learning rates too, so that a schedule ends where it
    should.

    With a loss scale (float16) an overflow of the gradients alone is left to
    the scaler, which steps over it and lowers the scale.

    Args:
        wrapper: its methods are replaced.
        model: whose buffers are kept.

    Attributes:
        is_bad: of the update that was just made or left out; `None` before
            it is decided.

    Raises:
        ValueError: not one optimiser of MMEngine's OptimWrapper.
    """

    def __init__(self, wrapper: OptimWrapper, model: nn.Module) -> None:
        if not isinstance(wrapper, OptimWrapper) or isinstance(
            wrapper, OptimWrapperDict
        ):
            raise ValueError(
                'max_bad_steps of FiniteCheckHook is for OptimWrapper and '
                f'AmpOptimWrapper, the config has {type(wrapper).__name__}. '
                'Leave max_bad_steps out.'
            )
        self.is_bad: bool | None = None
        self._wrapper, self._buffers = wrapper, list(model.buffers())
        self._backward, self._step = wrapper.backward, wrapper.step
        # `wraps` keeps the mark by which a schedule knows the method again.
        step = wraps(self._step)(partial(self.step))
        vars(wrapper).update(backward=self.backward, step=step)
        self._begin()

    def _begin(self) -> None:
        """Keep what a bad update has to bring back."""
        self._finite: Tensor | None = None
        self._kept = [buffer.detach().clone() for buffer in self._buffers]

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Note whether the loss is finite, then as before.

        Backward even if it is not: other processes wait for the gradients.
        """
        finite = loss.detach().isfinite().all()
        before = self._finite
        self._finite = finite if before is None else before & finite
        self._backward(loss, **kwargs)

    def step(self, **kwargs: Any) -> None:
        """Step, or bring the buffers back; the gradients go in any case."""
        self.is_bad = not self._all_finite()
        if self.is_bad:
            with torch.no_grad():
                for buffer, kept in zip(
                    self._buffers, self._kept, strict=True
                ):
                    buffer.copy_(kept)
        else:
            self._step(**kwargs)
        self._begin()

    def _all_finite(self) -> bool:
        finite = self._finite
        assert finite is not None, 'step without backward'
        scaler = getattr(self._wrapper, 'loss_scaler', None)
        if scaler is None or not scaler.is_enabled():
            groups = self._wrapper.optimizer.param_groups
            parameters = [p for group in groups for p in group['params']]
            # The largest gradient; a limit of infinity clips nothing.
            norm = clip_grad_norm_(parameters, torch.inf, norm_type=torch.inf)
            if hasattr(norm, 'full_tensor'):  # sharded
                norm = norm.full_tensor()
            finite = finite & norm.isfinite().to(finite.device)
        flag = finite.int()
        all_reduce(flag, op='min')
        return bool(flag.item())
