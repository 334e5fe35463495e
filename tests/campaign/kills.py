"""Kill -9 and SIGTERM at moments by a seed; what is resumed is bit-equal."""

import random
import re
import signal
import time
from pathlib import Path

from campaign import trainings
from campaign.case import BAD, Case, Holds, Run, check
from campaign.desk import Desk

KIND = 'kills'
MOMENTS = 40
FILES = ('iter_', 'best_', 'last_checkpoint', 'tmp')


class Moment:
    """When to stop a run: after an iteration, or when a file shows up.

    Args:
        seed: Of the choice.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.wait = rng.choice((0, 0, rng.uniform(0, 0.04)))  # seconds
        if rng.random() < 0.6:
            mode = rng.choice(('train', 'train', 'val'))
            self.number = rng.randrange(1, 12 if mode == 'train' else 7)
            total = trainings.ITERS if mode == 'train' else 6
            self.text = f'after {mode} {self.number}/{total}'
            self.pattern = re.compile(
                rf'Iter\({mode}\) \[\s*{self.number}/{total}\]'
            )
            self.count = rng.randrange(1, 4) if mode == 'val' else 1
            self.text += f' no. {self.count}' if mode == 'val' else ''
        else:
            self.number = rng.randrange(1, 4)
            file = rng.choice(FILES)
            self.text = f'at change {self.number} of {file}*'
            self.pattern, self.file = None, file
            self.seen: set = set()
        self.text += f', {self.wait * 1000:.0f} ms later' * (self.wait > 0)

    def has_come(self, work: Path, text: str) -> bool:
        """Whether it is now, or just was."""
        if self.pattern:
            return len(self.pattern.findall(text)) >= self.count
        if work.is_dir():
            for path in work.iterdir():
                if self.file in path.name:
                    try:
                        self.seen.add((path.name, path.stat().st_mtime_ns))
                    except FileNotFoundError:
                        self.seen.add((path.name, 0))
        return len(self.seen) >= self.number


def stopped(seed: int, task: str, ranks: int, number: int, times=1) -> Case:
    """A training that is stopped, and resumed to its end."""
    name = signal.Signals(number).name
    rng = random.Random(seed + 1000)
    hit = [rng.choice(('all', 0, 1)) if ranks > 1 else 'all'][0]
    texts = [Moment(seed + 100 * i).text for i in range(times)]

    def run(desk: Desk) -> Run:
        path = trainings.config(desk, task)
        for turn in range(times):
            moment = Moment(seed + 100 * turn)
            more = ['--resume'] if turn else []
            processes = trainings.start(desk, path, *more, ranks=ranks)
            stop(desk, processes, moment, number, hit)
        trainings.resume(desk, path, ranks)
        return trainings.last_run(desk)

    who = f', to {hit}' if ranks > 1 else ''
    return Case(
        KIND,
        f'{name} {task} {ranks} process(es), {seed}',
        f'{name}{who} {"; again ".join(texts)}',
        Holds('a best on disk if announced; resumed: bit-equal, no leftovers'),
        run,
        timeout=400,
    )


def stop(desk, processes, moment: Moment, number: int, hit) -> None:
    """Send the signal at the moment, and look at what is left."""
    work = desk.folder / 'work'
    came = trainings.wait_until(
        processes, lambda: moment.has_come(work, processes[0].output())
    )
    time.sleep(moment.wait)
    chosen = processes if hit == 'all' else [processes[hit]]
    for process in chosen:
        if not process.done():
            process.kill(number)
    for run in trainings.end(desk, processes, timeout=90):
        check(not run.timed_out, 'a process did not end in 90 s', BAD)
    text = ''.join(r.text for r in desk.runs)
    trainings.check_stopped(desk, text)
    if number == signal.SIGTERM and came and not moment.wait:
        codes = [run.code for run in desk.runs[-len(processes) :]]
        check(min(codes) >= 0, f'ended by the signal: {codes}', BAD)


CASES = [
    stopped(
        seed,
        task='depth' if seed % 5 == 4 else 'seg',
        ranks=2 if seed % 4 == 3 else 1,
        number=signal.SIGTERM if seed % 2 else signal.SIGKILL,
    )
    for seed in range(MOMENTS - 4)
] + [
    stopped(seed, 'seg', ranks, signal.SIGKILL, times)
    for seed, ranks, times in ((36, 1, 2), (37, 1, 3), (38, 2, 2), (39, 2, 1))
]
