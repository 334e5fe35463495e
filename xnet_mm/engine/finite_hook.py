"""A run stops where its numbers stop being numbers."""

import re
from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch import nn
from torch.utils.hooks import RemovableHandle

from ..fileio.finite import (
    check_prediction,
    check_weights,
    describe_nonfinite,
    find_nonfinite,
)
from ..registry import HOOKS
from .bad_numbers import (
    ADVICE,
    describe_stop,
    find_bad_numbers,
    name_images,
)
from .skipped_updates import UpdateGuard

COUNT = 'finite_check_bad_steps'  # kept in checkpoints, by the message hub
# A gradient has to be 6e8 to overflow in float16 at this factor.
LOWEST_SCALE = 1e-4
# The history of the log may well have NaN; the other two hold no tensors.
NO_WEIGHTS = ('message_hub', 'meta', 'param_schedulers')


@HOOKS.register_module()
class FiniteCheckHook(Hook):
    """Stops a run at NaN and infinity, before anything is written of them.

    Looked at are the losses of each iteration, each prediction of validation
    and test (before a metric or a file sees it), the metrics, the weights
    that are loaded, and all tensors of a checkpoint that is to be written.

    Args:
        max_bad_steps: how many updates in a row are left out because a loss
            or a gradient is not finite, before the run stops. Default: it
            stops at once. See `UpdateGuard`.

    Raises:
        ValueError: a negative `max_bad_steps`; from the hook's methods: what
            is not finite, where, and what to do.
    """

    # After EMAHook, which puts its weights into the checkpoint, and before
    # CheckpointHook writes one.
    priority = 'BELOW_NORMAL'

    def __init__(self, max_bad_steps: int = 0) -> None:
        if type(max_bad_steps) is not int or max_bad_steps < 0:
            raise ValueError(
                f'FiniteCheckHook: max_bad_steps={max_bad_steps!r}; wanted '
                'how many bad updates in a row are left out, 0 or more.'
            )
        self.max_bad_steps = max_bad_steps
        self._guard: UpdateGuard | None = None
        self._seen: list[tuple[str, str]] = []
        self._watched: RemovableHandle | None = None

    def before_train(self, runner: Runner) -> None:
        """Look at the weights; stand before the optimiser, if need be.

        Raises:
            ValueError: the run would start from weights that are not finite.
        """
        start = 'What the model starts from (`weights` of the config?)'
        check_weights(runner.model.state_dict(), start)
        if self.max_bad_steps:
            self._guard = UpdateGuard(runner.optim_wrapper, runner.model)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse weights that are not finite.

        Raises:
            ValueError: names them and the file.
        """
        state = checkpoint.get('state_dict', checkpoint)
        source = getattr(runner, '_load_from', None) or 'the checkpoint'
        check_weights(state, str(source))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the losses, and at what became of the update.

        Raises:
            ValueError: one is not finite and no update may be left out any
                more, or it was not; or float16's gradients always overflow.
        """
        losses = ', '.join(find_bad_numbers(outputs or {}).values())
        guard = self._guard
        if losses and guard is None:
            raise ValueError(
                describe_stop(runner, losses, name_images(data_batch))
            )
        if guard is not None and (losses or guard.is_bad is not False):
            self._seen.append((losses, name_images(data_batch)))
        if guard is not None and guard.is_bad is not None:
            seen, self._seen = self._seen, []
            is_bad, guard.is_bad = guard.is_bad, None
            self._close_update(runner, is_bad, seen)
        scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
        if scaler is None or not scaler.is_enabled():
            return
        scale = scaler.get_scale()
        if not scale > LOWEST_SCALE:
            raise ValueError(
                f'Iteration {runner.iter + 1}: the gradients overflow in '
                'float16 again and again (the loss scale has fallen to '
                f'{scale:.1e}), so nothing is learned. {ADVICE}'
            )

    def _close_update(
        self, runner: Runner, is_bad: bool, seen: list[tuple[str, str]]
    ) -> None:
        """Count and report the update that was just decided on.

        Args:
            runner: of the run.
            is_bad: whether it was left out.
            seen: losses that are not finite, and images, by iteration.
        """
        before = runner.message_hub.runtime_info.get(COUNT, 0)
        if not is_bad:
            if before:
                runner.message_hub.update_info(COUNT, 0)
            bad = [part for part in seen if part[0]]
            if bad:  # of what is only logged: the gradients are finite
                raise ValueError(describe_stop(runner, *bad[-1]))
            return
        runner.message_hub.update_info(COUNT, before + 1)
        parts = [part for rank in all_gather_object(seen) for part in rank]
        parts = [part for part in parts if part[0]] or parts
        losses = '; '.join(dict.fromkeys(p[0] for p in parts if p[0]))
        images = ', '.join(dict.fromkeys(p[1] for p in parts))
        losses = losses or 'a gradient is not finite, the losses are'
        if before + 1 > self.max_bad_steps:
            raise ValueError(
                describe_stop(runner, losses, images)
                + f' These were {before + 1} bad updates in a row, '
                f'max_bad_steps={self.max_bad_steps} are left out.'
            )
        runner.logger.warning(
            f'FiniteCheckHook: the update of iteration {runner.iter + 1} is '
            f'left out ({before + 1} in a row, at most '
            f'{self.max_bad_steps}): {losses}. Images: {images}.'
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to write tensors that are not finite.

        Raises:
            ValueError: names them and the iteration.
        """
        held = {k: v for k, v in checkpoint.items() if k not in NO_WEIGHTS}
        wrong = list(find_nonfinite(held))
        if wrong:
            raise ValueError(
                f'Iteration {_iteration(runner, checkpoint)}: '
                f'{describe_nonfinite(wrong)}; this checkpoint is not '
                f'written. {ADVICE} Go on from the last one: --resume.'
            )

    def before_val_epoch(self, runner: Runner) -> None:
        """Look at each prediction from now on."""
        self._watch(runner.model)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Stop looking; look at the metrics.

        Raises:
            ValueError: one is not finite.
        """
        self._stop_watching()
        self._check_metrics(runner.val_dataloader.dataset, metrics or {})

    def before_test_epoch(self, runner: Runner) -> None:
        """Look at each prediction from now on."""
        self._watch(runner.model)

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Stop looking; look at the metrics.

        Raises:
            ValueError: one is not finite.
        """
        self._stop_watching()
        self._check_metrics(runner.test_dataloader.dataset, metrics or {})

    def _watch(self, model: nn.Module) -> None:
        # The model in its wrapper, and the one that test-time augmentation
        # asks: what that merges does not keep the NaN of one view.
        while isinstance(inner := getattr(model, 'module', None), nn.Module):
            model = inner
        self._watched = model.register_forward_hook(_check_outputs)

    def _stop_watching(self) -> None:
        if self._watched is not None:
            self._watched.remove()

    def _check_metrics(self, dataset: Any, metrics: dict[str, Any]) -> None:
        classes = getattr(dataset, 'metainfo', {}).get('classes') or ()
        wrong = [
            text
            for key, text in find_bad_numbers(metrics).items()
            if not _is_of_a_class(key, classes)
        ]
        if wrong:
            raise ValueError(
                f'No result: {", ".join(wrong)}. Nothing was evaluated: every '
                'pixel of the ground truth may be "ignore", or no image has '
                'any. Look at the data: tools/check_dataset.py.'
            )


def _check_outputs(model: nn.Module, args: Any, outputs: Any) -> None:
    """A forward hook: samples are checked, losses and tensors are not."""
    for sample in outputs if isinstance(outputs, list | tuple) else ():
        if isinstance(sample, BaseDataElement):
            check_prediction(sample)


def _iteration(runner: Runner, checkpoint: dict) -> int:
    return checkpoint.get('meta', {}).get('iter', runner.iter)


def _is_of_a_class(key: str, classes: Sequence[str]) -> bool:
    """Whether a metric is one class's: 'IoU.road', 'Acc/road'."""
    return any(re.search(rf'[./_: ]{re.escape(c)}$', key) for c in classes)
