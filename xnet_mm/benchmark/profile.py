"""Which operators a model's time goes to."""

from dataclasses import replace
from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from ..fileio.atomic import write_atomically
from .calls import torch_call
from .clock import Clock
from .setting import EXPORTED, Setting, precision
from .subject import Subject

SHOWN = 40


def write_profile(
    subject: Subject, setting: Setting, clock: Clock, folder: Path
) -> Path:
    """Write a call's slowest operators, or kernels of a GPU, to a text file.

    Of exported files there is no profile: PyTorch's eager call stands for it.
    """
    if setting.mode in EXPORTED:
        setting = replace(setting, mode='eager')
    activities = [ProfilerActivity.CPU]
    kind = 'CPU'
    if clock.is_cuda:
        activities.append(ProfilerActivity.CUDA)
        kind = 'CUDA'
    with precision(setting):
        call = torch_call(
            subject.model, setting, clock, {}, subject.as_shipped
        )
        call()
        with profile(activities=activities) as profiler:
            clock.time(call)
    field = f'self_{"device" if clock.is_cuda else "cpu"}_time_total'  # in us
    found = sorted(
        (getattr(event, field) / 1000, event.count, event.key[:120])
        for event in profiler.key_averages()
        if event.device_type.name == kind
    )
    whole = sum(time for time, *_ in found)
    lines = [str(setting), f'{whole:.2f} ms in all', '']
    lines += [
        f'{time:10.3f} ms {100 * time / whole:5.1f} % {count:5d} calls  {key}'
        for time, count, key in found[: -SHOWN - 1 : -1]
    ]
    path = folder / f'profile_{subject.name.replace(" ", "_")}.txt'
    write_atomically(path, '\n'.join([*lines, '']).encode())
    return path
