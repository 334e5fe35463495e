"""A resumed run follows its config, also where that was changed."""

import copy
from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import BaseOptimWrapper
from mmengine.runner import EpochBasedTrainLoop, Runner

from ..registry import HOOKS

# Of a scheduler's state: how far it is, not what it does.
_PROGRESS = {'last_step', '_global_step', '_last_value', 'verbose'}
_PROGRESS |= {'best', 'num_bad_epochs', 'cooldown_counter', 'rule_worse'}
# Of a group of parameters: how PyTorch computes, which differs by version.
_TECHNIQUE = {'foreach', 'fused', 'capturable', 'differentiable', 'maximize'}
_TECHNIQUE |= {'decoupled_weight_decay'}
_NO_SETTINGS = {'params', 'param_names'}


@HOOKS.register_module()
class ResumeSettingsHook(Hook):
    """`--resume` takes schedule and optimiser settings from the config.

    MMEngine takes them from the checkpoint: with a longer `max_iters`, the
    rate would stay at the old schedule's end; another `lr` or `weight_decay`
    would do nothing. Where both say the same, the checkpoint is not touched.
    Else the run goes on with the rate that it would have now, had it had
    this config from the beginning; a line of the log says what changed.

    Raises:
        ValueError: the checkpoint cannot be resumed by this config: it has
            done more than `max_iters`, holds no optimiser (a best one), or
            that of other groups of parameters or of another kind; or a
            schedule changed that follows the metrics.
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the config's settings into the loaded checkpoint."""
        wrapper = runner.optim_wrapper
        if not runner._resume or not isinstance(wrapper, BaseOptimWrapper):
            return
        steps = _steps(runner, checkpoint['meta'])
        if 'optimizer' not in checkpoint:
            raise ValueError(
                'The checkpoint to resume from holds no optimiser: it is a '
                'best one, or was saved by save_optimizer=False. Resume from '
                'the last one (iter_N.pth), or train anew from its weights: '
                'load_from=CHECKPOINT without --resume.'
            )
        fresh, stored = runner.param_schedulers, checkpoint['optimizer']
        old = checkpoint.get('param_schedulers')
        if hasattr(wrapper, 'optim_wrappers'):  # several, by name
            jobs = [
                (each, (fresh or {}).get(name), stored[name], old or {}, name)
                for name, each in wrapper.optim_wrappers.items()
                if name in stored
            ]
        else:
            old = {None: old} if old is not None else {}
            jobs = [(wrapper, fresh, stored, old, None)]
        for each, schedulers, state, states, name in jobs:
            settings = _Settings(each, schedulers or [], state)
            taken, text = settings.take_over(states.get(name), steps)
            if text:
                runner.logger.warning(text)
            if name is None and taken is not None:
                checkpoint['param_schedulers'] = taken
            elif taken is not None:
                checkpoint.setdefault('param_schedulers', {})[name] = taken


def _steps(runner: Runner, meta: dict) -> tuple[int, int, int]:
    """Iterations and epochs that were done, iterations of an epoch (or 0).

    Raises:
        ValueError: more than the config wants.
    """
    loop, length = runner.train_loop, 0
    done, limit, unit = meta['iter'], loop.max_iters, 'iter'
    if isinstance(loop, EpochBasedTrainLoop):
        length = len(loop.dataloader)
        done, limit, unit = meta['epoch'], loop.max_epochs, 'epoch'
    if done > limit:
        raise ValueError(
            f'The checkpoint to resume from has done {done} {unit}s, '
            f'train_cfg.max_{unit}s is {limit}. Give more, or an earlier '
            'checkpoint (--resume CHECKPOINT).'
        )
    if done == limit:
        runner.logger.warning(
            f'The checkpoint has done all {limit} {unit}s of train_cfg.'
            f'max_{unit}s: nothing is left to train.'
        )
    return meta['iter'], meta['epoch'], length


class _Groups:
    """Stands in for an optimiser, with one of each kind of its groups."""

    _global_step = 1

    def __init__(self, groups: list[dict]) -> None:
        self.param_groups = groups

    def step(self) -> None:
        """What schedulers look for."""

    step._with_counter = True  # type: ignore[attr-defined]


class _Settings:
    """An optimiser as the config has it, beside its state in a checkpoint.

    Args:
        wrapper: Of the optimiser, at its first step.
        schedulers: Its own, at their first step.
        state: Of the wrapper, in the checkpoint; is changed.
    """

    def __init__(
        self, wrapper: BaseOptimWrapper, schedulers: list, state: dict
    ) -> None:
        self.schedulers = schedulers
        self.groups = [
            {k: v for k, v in group.items() if k not in _NO_SETTINGS}
            for group in wrapper.param_groups  # and the one for the log
        ]
        self.stored = list(state['param_groups'])
        # Upstream has none: hence `strict=False` where the two are paired.
        if state.get('base_param_settings') is not None:
            self.stored.append(state['base_param_settings'])
        sizes = [
            [len(group['params']) for group in groups]
            for groups in (
                state['param_groups'],
                wrapper.optimizer.param_groups,
            )
        ]
        if sizes[0] != sizes[1]:
            raise ValueError(
                'The checkpoint to resume from has an optimiser of '
                f'{len(sizes[0])} groups of parameters ({sum(sizes[0])} '
                f'parameters), the config one of {len(sizes[1])} '
                f'({sum(sizes[1])}). Put model and paramwise_cfg back, or '
                'train anew from its weights: load_from without --resume.'
            )
        kinds = [
            {k for k in group if not k.startswith(('initial_', 'm'))}
            - _NO_SETTINGS
            - _TECHNIQUE
            for group in (self.stored[0], self.groups[0])
        ]
        if kinds[0] != kinds[1]:
            raise ValueError(
                'The checkpoint to resume from has an optimiser of the '
                f'settings {", ".join(sorted(kinds[0]))}, the config one of '
                f'{", ".join(sorted(kinds[1]))}. Put optim_wrapper back, or '
                'train anew from its weights: load_from without --resume.'
            )

    def take_over(
        self, old: list[dict] | None, steps: tuple[int, int, int]
    ) -> tuple[list[dict] | None, str]:
        """Change the optimiser's state to what the config says.

        Args:
            old: The schedulers' states in the checkpoint.
            steps: Iterations and epochs that were done, and an epoch's
                iterations.

        Returns:
            The schedulers' new states, or None to keep the old ones; and
            what to say, or ''.

        Raises:
            ValueError: a schedule changed that follows the metrics.
        """
        new = [scheduler.state_dict() for scheduler in self.schedulers]
        schedule = list(self._schedule_changes(old, new))
        moving = {'lr'} if new else set()
        moving |= {state['param_name'] for state in [*new, *(old or [])]}
        if 'momentum' in moving:
            moving.add('betas')
        settings = dict(self._setting_changes(moving))
        if not schedule and not settings:
            return None, ''
        changes = [*schedule, *settings.values()]
        text = (
            'The config changes what the checkpoint has: '
            f'{"; ".join(changes)}. The config is followed'
        )
        if not schedule and not any('initial_' in key for key in settings):
            for group, stored in zip(self.groups, self.stored, strict=False):
                stored.update({k: group[k] for k in settings if k in group})
            return None, f'{text}.'
        if any('num_bad_epochs' in state for state in [*new, *(old or [])]):
            raise ValueError(
                f'{text} where it can be: a schedule that depends on the '
                'metrics of the past cannot. Put the settings back, or train '
                'anew from the weights: load_from without --resume.'
            )
        before = self.stored[-1]['lr']
        taken, groups = self._simulate(steps)
        for group, stored in zip(groups, self.stored, strict=False):
            stored.update(group)
        after = self.stored[-1]['lr']
        return taken, f'{text}: lr {before:.6g} -> {after:.6g}.'

    def _schedule_changes(
        self, old: list[dict] | None, new: list[dict]
    ) -> Iterator[str]:
        if old is None and new:
            yield 'no state of schedulers'
        elif len(old or ()) != len(new):
            yield f'{len(old or ())} -> {len(new)} schedulers'
        else:
            for scheduler, a, b in zip(
                self.schedulers, old or (), new, strict=True
            ):
                keys = sorted(({*a} | {*b}) - _PROGRESS)
                found = [
                    f'{key} {_short(a.get(key))} -> {_short(b.get(key))}'
                    for key in keys
                    if not _same(a.get(key), b.get(key))
                ]
                if found:
                    yield f'{type(scheduler).__name__} {", ".join(found)}'

    def _setting_changes(self, moving: set[str]) -> Iterator[tuple[str, str]]:
        """(key, text) for each setting that differs in some group."""
        for key in sorted({k for group in self.groups for k in group}):
            if key in moving:
                continue
            for group, stored in zip(self.groups, self.stored, strict=False):
                if key in stored and not _same(stored[key], group.get(key)):
                    values = f'{_short(stored[key])} -> {_short(group[key])}'
                    yield key, f'{key} {values}'
                    break

    def _simulate(
        self, steps: tuple[int, int, int]
    ) -> tuple[list[dict], list[dict]]:
        """States and groups after so many steps of the config's schedule."""
        # Often hundreds of groups, one a parameter, but few kinds of them.
        kinds: dict[str, int] = {}
        kind_of = [
            kinds.setdefault(repr(sorted(group.items())), len(kinds))
            for group in self.groups
        ]
        firsts = [kind_of.index(kind) for kind in range(len(kinds))]
        groups = _Groups([dict(self.groups[i]) for i in firsts])
        copies = [copy.copy(scheduler) for scheduler in self.schedulers]
        for scheduler in copies:
            scheduler.optimizer, scheduler.verbose = groups, False
            values = scheduler.base_values
            scheduler.base_values = [values[i] for i in firsts]
        iterations, epochs, length = steps
        for i in range(1, iterations + 1):
            for scheduler in copies:
                if not scheduler.by_epoch:
                    scheduler.step()
            if length and i % length == 0 and i // length <= epochs:
                for scheduler in copies:
                    if scheduler.by_epoch:
                        scheduler.step()
        states = []
        for scheduler, own in zip(copies, self.schedulers, strict=True):
            state = dict(scheduler.state_dict(), verbose=own.verbose)
            state['base_values'] = own.base_values
            state['_last_value'] = [
                scheduler._last_value[kind] for kind in kind_of
            ]
            states.append(state)
        return states, [groups.param_groups[kind] for kind in kind_of]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)


def _short(value: Any) -> str:
    if isinstance(value, list) and len({repr(v) for v in value}) == 1:
        value = value[0]
    text = f'{value:.6g}' if isinstance(value, float) else repr(value)
    return text if len(text) < 60 else f'{text[:56]}...'
