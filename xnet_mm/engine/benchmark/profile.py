"""Which operators a model's time goes to."""

from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from ..atomic import write_atomically
from .clock import Clock
from .measure import Setting, eager_call, precision
from .subject import Subject


def write_profile(
    subject: Subject, setting: Setting, clock: Clock, folder: Path
) -> Path:
    """Write the slowest operators of one eager call to a text file."""
    activities = [ProfilerActivity.CPU]
    if clock.is_cuda:
        activities.append(ProfilerActivity.CUDA)
    with precision(setting):
        call = eager_call(subject.model, setting, clock)
        call()
        with profile(activities=activities) as profiler:
            clock.time(call)
    kind = 'cuda' if clock.is_cuda else 'cpu'
    table = profiler.key_averages().table(
        sort_by=f'self_{kind}_time_total', row_limit=25
    )
    path = folder / f'profile_{subject.name.replace(" ", "_")}.txt'
    write_atomically(path, f'{setting}\n{table}\n'.encode())
    return path
