"""Randomness that depends on the iteration's number and on nothing else.

A stock run draws its augmentations and dropout masks from streams that start
with the process, so a resumed run sees other random numbers than one that
went through. Here every iteration is seeded by (seed, rank, iteration), in
the main process and in the data workers: nothing has to be stored, and a run
that is killed and resumed draws what it would have drawn.
"""

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.dataset import InfiniteSampler
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader, get_worker_info

from ..registry import HOOKS


def seed_iteration(seed: int, rank: int, iteration: int) -> None:
    """Seed Python, numpy and torch (all devices) for one iteration."""
    words = np.random.SeedSequence((seed, rank, iteration)).generate_state(1)
    random.seed(int(words[0]))
    np.random.seed(int(words[0]))
    torch.manual_seed(int(words[0]))


class SeededBatches:
    """A loader's `collate_fn` that also seeds each worker for its batches.

    DataLoader gives worker w of W the batches w, w + W, w + 2W, ...; so a
    worker knows the number of its next batch without being told.

    Args:
        loader: Takes this object as `collate_fn` and `worker_init_fn`.
        seed: The run's seed.
        rank: This process in a distributed run.
    """

    def __init__(self, loader: DataLoader, seed: int, rank: int) -> None:
        self.seed, self.rank = seed, rank
        self.first = self.batch = 0
        self._collate, self._init = loader.collate_fn, loader.worker_init_fn
        loader.collate_fn, loader.worker_init_fn = self, self.start_worker
        # Else starting the workers would draw from the model's stream.
        loader.generator = torch.Generator()

    def start_worker(self, worker_id: int) -> None:
        """Seed a fresh worker for its first batch."""
        if self._init is not None:
            self._init(worker_id)
        self.batch = self.first + worker_id
        seed_iteration(self.seed, self.rank, self.batch)

    def __call__(self, samples: list) -> Any:
        """Collate one batch, then seed for the next one."""
        batch = self._collate(samples)
        worker = get_worker_info()
        if worker is not None:  # the hook seeds the main process
            self.batch += worker.num_workers
            seed_iteration(self.seed, self.rank, self.batch)
        return batch


class _Skipping:
    """Batches of an InfiniteSampler's loader from batch `skip` on.

    Upstream MMEngine resumes by loading and dropping `skip` batches; the
    first `skip` calls here return None at once instead.
    """

    def __init__(
        self, loader: DataLoader, sampler: InfiniteSampler, skip: int
    ) -> None:
        sampler.indices = islice(
            sampler._indices_of_rank(), skip * (loader.batch_size or 1), None
        )
        loader._iterator = None  # drop persistent workers started too early
        self._loader, self._skip = loader, skip
        self._batches: Iterator | None = None

    def __next__(self) -> Any:
        if self._skip:
            self._skip -= 1
            return None
        if self._batches is None:
            self._batches = iter(self._loader)
        return next(self._batches)


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Makes a resumed run end as an uninterrupted one (see the file's text).

    Exact, weights and all, for any number of workers, given a fixed
    `randomness.seed`, the same number of processes, `InfiniteSampler` and
    deterministic operations (CPU; on a GPU `randomness.deterministic=True`).
    The checkpoint of an iteration is written before its validation, so a run
    resumed there validates first: a new best checkpoint is never missed.
    """

    priority = 'LOWEST'  # validation needs CheckpointHook.before_train done

    def before_train(self, runner: Runner) -> None:
        """Take over the seeding; validate what a kill left unvalidated."""
        loop, loader = runner.train_loop, runner.train_dataloader
        self.batches = SeededBatches(loader, runner.seed, runner.rank)
        if not isinstance(loop, IterBasedTrainLoop):
            return
        upstream = not hasattr(loop.dataloader_iterator, 'skip_iter')
        if upstream and type(loader.sampler) is InfiniteSampler:
            loop.dataloader_iterator = _Skipping(
                loader, loader.sampler, loop.iter
            )
        if (
            runner.val_loop is not None
            and loop.iter >= max(loop.val_begin, 1)
            and (
                loop.iter % loop.val_interval == 0
                or loop.iter == loop.max_iters
            )
        ):
            runner.val_loop.run()

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the start: iteration 0, or the one to resume from."""
        self.batches.first = runner.iter
        seed_iteration(runner.seed, runner.rank, runner.iter)

    def after_train_iter(
        self, runner: Runner, *args: Any, **kwargs: Any
    ) -> None:
        """Seed the next iteration."""
        seed_iteration(runner.seed, runner.rank, runner.iter + 1)

    def after_val(self, runner: Runner) -> None:
        """Seed the next iteration again: validation may have drawn."""
        seed_iteration(runner.seed, runner.rank, runner.iter)
