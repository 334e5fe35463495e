"""How fast this machine trains a config: a few steps of the real thing."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from rich.progress import Progress

from ..fast.accelerate import accelerate
from ..registry import MODELS
from .schedule import Pace

STEPS = 6  # timed, after two that find memory and kernels cold
WARM_UP = 2
IMAGES = 4


def free_memory(device: str) -> int:
    """Bytes that are free on 'cpu' or 'cuda'; of a CPU by Linux's count."""
    if device != 'cpu':
        return torch.cuda.mem_get_info()[0]
    try:
        with open('/proc/meminfo') as lines:
            for line in lines:
                if line.startswith('MemAvailable'):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2


def measure_pace(cfg: Config, device: str, progress: Progress) -> Pace:
    """Train and predict a little, and forget it.

    The model is built and loads its weights as in a training run, so what
    is wrong with either is an error here.

    Args:
        cfg: the whole config.
        device: 'cpu' or 'cuda'.
        progress: gets a bar.
    """
    bar = progress.add_task('Measuring', total=WARM_UP + STEPS + 1 + IMAGES)
    init_default_scope(cfg.default_scope)
    start = time.perf_counter()
    model = MODELS.build(cfg.model)
    model.init_weights()
    model = model.to(device).train()
    accelerate(model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batches = _endless(cfg.train_dataloader)
    first = next(batches)
    started = time.perf_counter() - start

    queue = chain([first], batches)

    def step() -> None:
        model.train_step(next(queue), wrapper)

    step_seconds = _time(step, WARM_UP, STEPS, device, progress, bar)
    model.eval()
    images = _endless(cfg.val_dataloader)

    @torch.no_grad()
    def predict() -> None:
        model.val_step(next(images))

    image_seconds = _time(predict, 1, IMAGES, device, progress, bar)
    progress.remove_task(bar)
    return Pace(started, step_seconds, image_seconds)


def _endless(loader: dict) -> Iterator[Any]:
    """Batches of a loader, from its beginning again where they end."""
    built = Runner.build_dataloader(loader, seed=0)
    return chain.from_iterable(repeat(built))


def _time(
    call: Callable[[], None],
    warm_up: int,
    count: int,
    device: str,
    progress: Progress,
    bar: Any,
) -> float:
    """Seconds of one call, the median of `count` after `warm_up` others."""
    seconds = []
    for _ in range(warm_up + count):
        start = time.perf_counter()
        call()
        if device != 'cpu':
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
        progress.advance(bar)
    return statistics.median(seconds[warm_up:])
