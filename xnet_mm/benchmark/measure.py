"""Interleaved timing: A B A B, so that a slow minute hits all alike."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch

from .calls import exported_call, torch_call
from .clock import Clock
from .setting import DTYPES, EXPORTED, Setting, precision
from .subject import Subject, count, first_line

# Calls of less seconds are timed at the second go of each turn: the first
# finds the caches cold, and the last model's threads still waiting for work.
SHORT = 0.5


def measure(
    subjects: Sequence[Subject],
    setting: Setting,
    clock: Clock,
    runs: int,
    tick: Callable[[], None] = lambda: None,
    keep: Callable[[list[dict[str, Any]]], None] = lambda records: None,
) -> list[dict[str, Any]]:
    """Time all subjects in one setting, taking turns.

    What fails (memory, a compiler) becomes the record's `error`; the others
    are measured all the same.

    Args:
        subjects: with their models on the clock's device.
        setting: how they run.
        clock: of that device.
        runs: timed calls a subject, after two that are not (and, where a
            call takes less than half a second, after one more each turn).
        tick: called after every call, for a progress bar.
        keep: called with the records so far after each turn of all.

    Returns:
        A record for each subject: name, the setting's fields, `seconds` of
        each run, `cpu_seconds` of all threads, `memory` in bytes, `macs` of
        the batch (forward), `parameters`, `limit` in operations and `copy`
        in bytes a second, `graph_breaks`, `error`.
    """
    records: list[dict[str, Any]] = []
    calls: list[Callable[[], Any] | None] = []
    torch._dynamo.reset()  # all models share one call: a limit on recompiles
    with precision(setting):
        limit, copy = clock.limits(DTYPES[setting.precision])
        for subject in subjects:
            record = dict(
                name=subject.name, **asdict(setting), error=subject.error
            )
            record.update(seconds=[], cpu_seconds=[])
            records.append(record)
            calls.append(None)
            if subject.model is not None:
                with _noted(record):
                    calls[-1] = _warm_up(subject, setting, clock, record)
            tick()
        for _ in range(runs):
            # Again, for a neighbour may have slowed one.
            found = clock.limits(DTYPES[setting.precision])
            limit, copy = max(limit, found[0]), max(copy, found[1])
            for record, call in zip(records, calls, strict=True):
                if call is not None and not record['error']:
                    with _noted(record):
                        seconds, work = _time(call, clock)
                        if seconds < SHORT:
                            seconds, work = _time(call, clock)
                        record['seconds'].append(seconds)
                        record['cpu_seconds'].append(work)
                tick()
            for record in records:
                record.update(limit=limit, copy=copy)
            keep(records)
    return records


def _time(call: Callable[[], Any], clock: Clock) -> tuple[float, float]:
    """Seconds of a call, and those that its threads were on a CPU."""
    start = time.process_time()
    seconds = clock.time(call)
    return seconds, time.process_time() - start


def _warm_up(
    subject: Subject, setting: Setting, clock: Clock, record: dict
) -> Callable[[], Any]:
    complexity = count(subject, setting.size)
    record.update(
        macs=complexity.macs * setting.batch,
        parameters=complexity.parameters,
    )
    if setting.mode in EXPORTED:
        call = exported_call(subject.model, setting)
    else:
        call = torch_call(
            subject.model, setting, clock, record, subject.as_shipped
        )
    call()
    call()
    return call


@contextlib.contextmanager
def _noted(record: dict) -> Iterator[None]:
    """Keep what goes wrong in the record, and go on."""
    try:
        yield
    except Exception as error:
        record['error'] = first_line(error)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
