"""From a folder of pictures to a model: each step goes on where it was."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from rich.console import Console
from rich.progress import Progress

from ..fileio.atomic import write_atomically
from ..fileio.config_file import load_config_file
from ..fileio.lock import lock_folder, unlock_folder
from ..prediction.run_folder import find_run
from .config_text import METRICS, write_config
from .finish import finish, keep_weights
from .folder.found import Found
from .folder.prepare import prepare
from .folder.understand import understand
from .pace import free_memory, measure_pace
from .plan import Plan, begin_plan, with_pace
from .state import State, read_state
from .tool import StoppedError
from .train import RUN, train

CONFIG, LOCK = 'config.py', 'fit.lock'


def fit(
    data: Path,
    out: Path,
    minutes: float,
    console: Console,
    options: dict[str, Any],
) -> None:
    """Understand, plan, train, test, export and report.

    What an earlier call with the same `out` has done is not done again: a
    training goes on, by the config as it stands there.

    Args:
        data: the user's folder.
        out: of all that is written.
        minutes: for all of it, when it begins.
        console: to tell the user by.
        options: of `understand`.

    Raises:
        FolderError: the folder is not understood; nothing is written.
        ValueError: `out` is of something else, or the time too short.
        FolderInUseError: another fit works there.
        ToolFailedError: training or test failed.
        StoppedError: by Ctrl-C; what was trained is kept.
    """
    begin = time.monotonic()
    state = read_state(out, data)
    found = None
    if state is None or not (out / CONFIG).is_file():
        # Results may lie below the pictures.
        found = understand(data, without=[out], **options)
        _say(console, found.lines())
        state = State(
            str(data.resolve()), found.task, float(minutes), found.lines()
        )
    else:
        _say(console, [f'Going on in {out}, by {out / CONFIG}.'])
    lock_folder(out, LOCK)
    # What is said here is enough; the tools' own logs are in files.
    if not MMLogger.check_instance_created('xnet_mm.fit'):
        MMLogger.get_instance('xnet_mm.fit', log_level='WARNING')
    try:
        if found is not None:
            text, plan = plan_for(found, out, minutes, begin, console)
            state.save(out)
            write_atomically(out / CONFIG, text.encode())
            _say(console, plan.lines())
        cfg = load_config_file(out / CONFIG)
        if not state.trained:
            state = _train(out, cfg, state, console)
        has_test = cfg.test_dataloader != cfg.val_dataloader
        _say(console, finish(out, state, has_test, console))
    finally:
        unlock_folder(out, LOCK)
        _leave_nothing(out)


def _leave_nothing(out: Path) -> None:
    """Remove the folder if nothing but the lock has come into it."""
    if [path.name for path in out.iterdir()] == [LOCK]:
        (out / LOCK).unlink()
        out.rmdir()


def _train(out: Path, cfg: Config, state: State, console: Console) -> State:
    """Train to the end; what a stopped training has learnt is kept."""
    steps = cfg.train_cfg.max_iters
    try:
        train(out, out / CONFIG, steps, METRICS[state.task][0], console)
    except StoppedError:
        with suppress(FileNotFoundError):  # before the first checkpoint
            keep_weights(out, find_run(out / RUN))
        raise
    return state.save(out, trained=True)


def plan_for(
    found: Found, out: Path, minutes: float, begin: float, console: Console
) -> tuple[str, Plan]:
    """Prepare the data and choose; the config's text and the choices.

    Args:
        found: what the user's folder holds.
        out: the folder of results.
        minutes: for all.
        begin: when it began, by `time.monotonic`.
        console: for the progress bars.
    """
    prepared = prepare(found, out)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    plan = begin_plan(prepared, device, free_memory(device))
    with Progress(console=console, transient=True) as progress:
        while True:
            text = write_config(prepared, plan, found.lines())
            cfg = Config.fromstring(text, '.py')
            try:
                pace = measure_pace(cfg, device, progress)
                break
            except torch.cuda.OutOfMemoryError:
                plan = plan.with_smaller_batch()
                torch.cuda.empty_cache()
    spent = time.monotonic() - begin
    plan = with_pace(plan, minutes, spent, pace, prepared.counts['val'])
    return write_config(prepared, plan, found.lines()), plan


def _say(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
