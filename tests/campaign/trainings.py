"""Trainings that are stopped at some moment, and what has to be left."""

import re
import socket
from collections.abc import Callable
from pathlib import Path

import torch

from campaign.case import BAD, LOST, Run, check
from campaign.desk import Desk, Process
from campaign.world import World

ITERS, INTERVAL = 12, 3
BEST = re.compile(r'The best checkpoint with .* is saved to (\S+?)\.?$', re.M)
# A hook that waits after an iteration until a file is there.
WAITING = """
import os, time
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class Waiting(Hook):
    def __init__(self, at, go):
        self.at, self.go = at, go

    def after_train_iter(self, runner, **kwargs):
        if runner.iter + 1 == self.at and not os.path.exists(self.go):
            open(self.go + '.waits', 'w').close()
            while not os.path.exists(self.go):
                time.sleep(0.01)
"""
USE_WAITING = """
custom_imports = dict(imports=['waiting'])
custom_hooks = _base_.custom_hooks + [
    dict(type='Waiting', at={at}, go={go!r}, priority='HIGH')]
"""


def config(
    desk: Desk, task: str = 'seg', waits_at: int = 0, extra: str = ''
) -> Path:
    """A config of 12 iterations, validated and saved at every third."""
    model = {'seg': 'seg3', 'depth': 'depth10'}[task]
    if waits_at:
        (desk.folder / 'waiting.py').write_text(WAITING)
        go = str(desk.folder / 'go')
        extra = USE_WAITING.format(at=waits_at, go=go) + extra
    return World(desk.world).write_config(
        model,
        desk.folder / f'{task}.py',
        iters=ITERS,
        interval=INTERVAL,
        extra=extra,
    )


def start(desk: Desk, path: Path, *more: str, ranks: int = 1, **env):
    """The processes of a training in the folder `work`."""
    words = ['train.py', path, '--work-dir', desk.folder / 'work', *more]
    env = dict(env, PYTHONPATH=str(desk.folder))
    if ranks == 1:
        return [desk.start(*words, env=env)]
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        port = found.getsockname()[1]
    env |= dict(
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), WORLD_SIZE=str(ranks)
    )
    return [
        desk.start(
            *(*words, '--launcher', 'pytorch'),
            env={**env, 'RANK': str(rank), 'LOCAL_RANK': str(rank)},
        )
        for rank in range(ranks)
    ]


def wait_until(processes: list[Process], happened: Callable) -> bool:
    """Look until it has happened; False if they all ended before."""
    while not happened():
        if all([p.done() for p in processes]):
            return False
    return True


def end(desk: Desk, processes: list[Process], timeout: float = 120) -> list:
    runs = [p.wait(timeout) for p in processes]
    desk.runs += runs
    return runs


def resume(desk: Desk, path: Path, ranks: int = 1) -> None:
    """Go on to the end, and compare with the run that was never stopped."""
    for run in end(desk, start(desk, path, '--resume', ranks=ranks)):
        check(not run.timed_out, 'the resumed run hangs', BAD)
        check(run.code == 0, f'resume: {run.message[-300:]}', LOST)
    task = path.stem
    compare(desk.folder / 'work', reference(desk.world, task, ranks))


def reference(world: Path, task: str, ranks: int) -> Path:
    return world / 'whole-runs' / f'{task}-{ranks}' / 'work'


def compare(found: Path, whole: Path) -> None:
    """Same files, and in the last checkpoint the same bits.

    Raises:
        Outcome: they differ.
    """
    names, wanted = (
        {p.name for p in folder.iterdir() if p.suffix == '.pth'}
        for folder in (found, whole)
    )
    check(names == wanted, f'{sorted(names)}, not {sorted(wanted)}', LOST)
    left = [p.name for p in found.rglob('*') if 'tmp' in p.name]
    check(not left, f'left behind: {left}', BAD)
    for name in wanted:
        a, b = (
            torch.load(folder / name, weights_only=False)
            for folder in (found, whole)
        )
        for part in ('state_dict', 'optimizer', 'param_schedulers'):
            where = differs(a.get(part), b.get(part), part)
            check(not where, f'{name}: {where} differs')


def differs(a: object, b: object, where: str) -> str:
    """Where two nested values differ first; '' if nowhere."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return '' if torch.equal(a, b) else where
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            return where
        items = [(k, a[k], b[k]) for k in a]
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return where
        items = [(i, *pair) for i, pair in enumerate(zip(a, b, strict=True))]
    else:
        return '' if a == b else where
    for key, left, right in items:
        found = differs(left, right, f'{where}.{key}')
        if found:
            return found
    return ''


def check_stopped(desk: Desk, text: str) -> None:
    """What a stopped run has announced is on the disk, and whole."""
    work = desk.folder / 'work'
    if BEST.search(text):
        best = sorted(work.glob('best_*.pth'))
        check(best, 'a best was announced and none is there', LOST)
        for path in best:
            _load(path)
    last = work / 'last_checkpoint'
    if last.exists():
        path = Path(last.read_text())
        check(path.exists(), f'last_checkpoint names {path.name}', LOST)
        _load(path)


def _load(path: Path) -> None:
    try:
        torch.load(path, weights_only=False)
    except Exception as error:
        check(False, f'{path.name} is torn: {error}', LOST)


def prepare_references(world: Path) -> None:
    """The runs that nothing stops, of each task with one and two ranks."""
    for task in ('seg', 'depth'):
        for ranks in (1, 2):
            desk = Desk(reference(world, task, ranks).parent, world)
            path = config(desk, task)
            runs = end(desk, start(desk, path, ranks=ranks))
            for run in runs:
                if run.code:
                    raise RuntimeError(f'{run.command}\n{run.text[-3000:]}')


def last_run(desk: Desk) -> Run:
    return desk.runs[-1]
