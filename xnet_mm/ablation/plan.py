"""Configs x seeds: the runs of an ablation.

Nothing is remembered beside the runs' own logs and checkpoints: whether a run
is finished its log says, and where it goes on its last checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from .logs import changed_settings, read_log


class Run(NamedTuple):
    """One config with one seed.

    Attributes:
        config: Path as it was given.
        seed: `randomness.seed`.
        folder: Work dir of the training.
        iterations: Of a whole training.
        options: As for `--cfg-options`, without the seed.
    """

    config: str
    seed: int
    folder: Path
    iterations: int
    options: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The config's name."""
        return Path(self.config).stem

    def __str__(self) -> str:
        return f'{self.stem}, seed {self.seed}'

    def arguments(self) -> list[str]:
        """Of tools/train.py."""
        return [
            *(self.config, '--work-dir', str(self.folder), '--resume'),
            *('--cfg-options', *self.options, f'randomness.seed={self.seed}'),
        ]

    def is_finished(self) -> bool:
        """Whether the last iteration has been validated."""
        return self.iterations in read_log(self.folder).validations


def plan(
    cfgs: Mapping[str, Config],
    seeds: Sequence[int],
    work_dir: Path,
    options: Sequence[str] = (),
) -> list[Run]:
    """List the runs, the first seed of every config first.

    Args:
        cfgs: the configs by path, each as tools/train.py would have it.
        seeds: of every config; a repeated one counts once.
        work_dir: Folder of all runs.
        options: `--cfg-options` that `cfgs` were read with.

    Raises:
        SystemExit: two configs of one name, one that cannot be compared (no
            validation, or epochs instead of iterations), or runs in
            `work_dir` that were made with other settings.
    """
    for config, cfg in cfgs.items():
        _refuse_incomparable(config, cfg)
    stems = [Path(config).stem for config in cfgs]
    for stem in stems:
        if stems.count(stem) > 1:
            raise SystemExit(
                f'two configs are called {stem}: their runs would share '
                'folders. Rename one, or give each its own --work-dir.'
            )
    runs = []
    for seed in dict.fromkeys(seeds):
        for config, cfg in cfgs.items():
            folder = work_dir / Path(config).stem / f'seed-{seed}'
            iterations = cfg.train_cfg.max_iters
            run = Run(config, seed, folder, iterations, tuple(options))
            _refuse_other_settings(run, cfg)
            runs.append(run)
    return runs


def _refuse_incomparable(config: str, cfg: Config) -> None:
    if not (cfg.get('train_cfg') or {}).get('max_iters'):
        raise SystemExit(
            f'{config}: wanted a length in iterations (train_cfg.max_iters); '
            'runs are compared after the last one.'
        )
    if not cfg.get('val_cfg'):
        raise SystemExit(
            f'{config}: has no validation (val_cfg), and its figures are '
            'what is compared. Set val_cfg, val_dataloader, val_evaluator.'
        )
    logger = (cfg.get('default_hooks') or {}).get('logger') or {}
    if logger.get('log_metric_by_epoch', True):  # MMEngine's default
        raise SystemExit(
            f'{config}: the log would not say after which iteration a '
            'validation was. Set default_hooks.logger.log_metric_by_epoch='
            'False.'
        )


def _refuse_other_settings(run: Run, cfg: Config) -> None:
    changes = changed_settings(run.folder, cfg, run.seed)
    if changes:
        raise SystemExit(
            f'{run.folder} holds a run of {run.stem} with other settings:\n  '
            + '\n  '.join(changes)
            + '\nRuns of two kinds are not mixed: set the settings back, '
            'choose another --work-dir, or delete that folder.'
        )
