"""Signals that ask, second runs, full disks, half files, dead processes."""

import os
import signal
import time
from pathlib import Path

from campaign import trainings
from campaign.case import (
    BAD,
    LOST,
    Case,
    Holds,
    Refused,
    Run,
    check,
    check_clear,
)
from campaign.desk import Desk

KIND = 'signals'
AT_ONCE = 15  # seconds; loaded machines are slow


def waiting(desk: Desk, at: int = 5, **options):
    """A training that stands after an iteration; its config, processes."""
    path = trainings.config(desk, waits_at=at, **options)
    processes = trainings.start(desk, path)
    there = desk.folder / 'go.waits'
    check(
        trainings.wait_until(processes, there.exists),
        f'never got to wait: {processes[0].output()[-500:]}',
        BAD,
    )
    return path, processes


def go(desk: Desk) -> None:
    (desk.folder / 'go').touch()


def asked(number: int) -> Case:
    """One signal: saved after this iteration, a code of its own."""
    name = signal.Signals(number).name

    def run(desk: Desk) -> Run:
        path, processes = waiting(desk)
        processes[0].kill(number)
        time.sleep(0.3)  # or the hook below may be faster than the signal
        go(desk)
        (run,) = trainings.end(desk, processes)
        check(run.code > 1, f'exit status {run.code}, wanted its own', BAD)
        check_clear(run, ('resume',))
        last = (desk.folder / 'work/last_checkpoint').read_text()
        check('iter_5' in last, f'{last}: iteration 5 is lost', LOST)
        trainings.resume(desk, path)
        return trainings.last_run(desk)

    return Case(
        KIND,
        f'{name} once',
        f'{name} within iteration 5',
        Holds('saved after iteration 5, own exit status; resumed: bit-equal'),
        run,
    )


def asked_twice(first: int, second: int) -> Case:
    names = [signal.Signals(n).name for n in (first, second)]

    def run(desk: Desk) -> Run:
        path, processes = waiting(desk)
        processes[0].kill(first)
        time.sleep(3)  # a launcher passes the same signal on, soon after
        check(not processes[0].done(), 'did not wait for the iteration', LOST)
        processes[0].kill(second)
        start = time.monotonic()
        (run,) = trainings.end(desk, processes, AT_ONCE)
        check(not run.timed_out, f'still there after {AT_ONCE} s', BAD)
        check(run.code, 'exit status 0')
        check(time.monotonic() - start < AT_ONCE, 'not at once', BAD)
        go(desk)
        trainings.resume(desk, path)
        return trainings.last_run(desk)

    return Case(
        KIND,
        ' then '.join(names),
        'two signals, 3 s apart, in an iteration that takes for ever',
        Holds('exits at once; resumed: bit-equal'),
        run,
    )


def second_run(how: str, more: tuple[str, ...]) -> Case:
    def run(desk: Desk) -> Run:
        _, processes = waiting(desk)
        second = desk.folder / 'second.py'
        plain = trainings.config(desk).read_text()
        second.write_text(plain)
        run = desk.tool(
            'train.py', second, '--work-dir', desk.folder / 'work', *more
        )
        alive = not processes[0].done()
        go(desk)
        (first,) = trainings.end(desk, processes)
        check(alive and first.code == 0, 'the first run ended', LOST)
        trainings.compare(
            desk.folder / 'work', trainings.reference(desk.world, 'seg', 1)
        )
        return run

    return Case(
        KIND,
        f'two runs in one work dir, {how}',
        f'a second training {how} while the first one waits',
        Refused((r'work', r'another|in use|already|lock|running|other')),
        run,
    )


def dead_holder(number: int) -> Case:
    def run(desk: Desk) -> Run:
        path, processes = waiting(desk)
        processes[0].kill(number)
        go(desk)
        trainings.end(desk, processes)
        trainings.resume(desk, path)
        return trainings.last_run(desk)

    name = signal.Signals(number).name
    return Case(
        KIND,
        f'resumed right after {name}',
        f'{name} after iteration 5, --resume at once',
        Holds('no lock blocks; bit-equal'),
        run,
    )


SHORT = "\nenv_cfg = dict(dist_cfg=dict(backend='nccl', timeout=15))\n"


def hangs(rank: int) -> Case:
    """A rank stands still; the other one must not wait for ever."""

    def run(desk: Desk) -> Run:
        path = trainings.config(desk, extra=SHORT)
        processes = trainings.start(desk, path, ranks=2)
        work = desk.folder / 'work'
        trainings.wait_until(processes, lambda: (work / 'iter_3.pth').exists())
        processes[rank].kill(signal.SIGSTOP)
        run = processes[1 - rank].wait(90)
        processes[rank].kill(signal.SIGKILL)
        processes[rank].wait()
        desk.runs.append(run)
        check(not run.timed_out, 'waited for 90 s', BAD)
        check(run.code, 'exit status 0')
        trainings.resume(desk, path, ranks=2)
        return trainings.last_run(desk)

    return Case(
        KIND,
        f'rank {rank} of 2 stands still',
        'SIGSTOP; env_cfg.dist_cfg.timeout is 15 seconds',
        Holds('the other one ends in time; resumed: bit-equal'),
        run,
        timeout=400,
    )


def descendants(pid: int) -> list[int]:
    try:
        text = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    except OSError:
        return []
    found = [int(word) for word in text.split()]
    return found + [d for child in found for d in descendants(child)]


def alive(pid: int) -> bool:
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]
    except OSError:
        return False
    return state.split()[0] not in 'ZX'


def launcher(number: int, everyone: bool) -> Case:
    """The launcher of two processes ends; they must not stay."""

    def run(desk: Desk) -> Run:
        path = trainings.config(desk, waits_at=5, extra=SHORT)
        work = desk.folder / 'work'
        process = desk.start(
            *('dist_train.sh', path, '2', '--work-dir', work),
            fork=False,
            env=dict(
                PATH=f'{Path(os.sys.executable).parent}:{os.environ["PATH"]}',
                PYTHONPATH=str(desk.folder),
            ),
        )
        there = desk.folder / 'go.waits'
        check(
            trainings.wait_until([process], there.exists),
            process.output()[-500:],
            BAD,
        )
        pids = descendants(process.pid)
        target = [process.pid, *pids] if everyone else [pids[0]]
        if not everyone and number == signal.SIGKILL:
            target = [process.pid, pids[0]]
        for pid in target:
            os.kill(pid, number)
        time.sleep(1)
        go(desk)
        limit = time.monotonic() + 90
        left = pids
        while left and time.monotonic() < limit:
            process.done()
            left = [pid for pid in left if alive(pid)]
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        desk.runs.append(process.wait())
        check(not left, f'{len(left)} processes stay', BAD)
        trainings.resume(desk, path, ranks=2)
        return trainings.last_run(desk)

    name = signal.Signals(number).name
    who = 'every process' if everyone else 'the launcher'
    return Case(
        KIND,
        f'dist_train.sh: {name} to {who}',
        f'{name} to {who} of two by torchrun',
        Holds('all processes end; resumed: bit-equal'),
        run,
        timeout=400,
    )


CASES = [
    *(asked(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)),
    asked_twice(signal.SIGINT, signal.SIGINT),
    asked_twice(signal.SIGTERM, signal.SIGTERM),
    asked_twice(signal.SIGUSR1, signal.SIGTERM),
    second_run('started', ()),
    second_run('resumed', ('--resume',)),
    dead_holder(signal.SIGKILL),
    dead_holder(signal.SIGTERM),
    hangs(0),
    hangs(1),
    launcher(signal.SIGKILL, everyone=False),
    launcher(signal.SIGTERM, everyone=False),
    launcher(signal.SIGTERM, everyone=True),
]
