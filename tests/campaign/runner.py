"""Runs cases side by side, notes each result, goes on where it was cut."""

import json
import os
import shutil
import signal
import time
import traceback
from contextlib import suppress
from pathlib import Path

from campaign.case import BAD, FAILURES, Case, Outcome, judge
from campaign.desk import Desk

POLL = 0.02  # seconds


def run_case(case: Case, folder: Path, world: Path) -> dict:
    """The result of one case, in this process."""
    start = time.monotonic()
    desk = Desk(folder, world)
    try:
        outcome = judge(case, desk, case.run(desk))
    except Outcome as found:
        outcome = found
        try:
            desk.check_harm()
        except Outcome as harm:
            outcome = harm
    except Exception:
        outcome = Outcome('', traceback.format_exc())
    lines = [f'$ {r.command}\n{r.text}[{r.code}]\n' for r in desk.runs]
    (folder / '.log').write_text('\n'.join(lines))
    return dict(
        kind=case.kind,
        name=case.name,
        verdict=outcome.verdict or 'campaign broken',
        why=outcome.why,
        seconds=round(time.monotonic() - start, 1),
        folder=str(folder),
    )


class Pool:
    """Cases in processes of their own, `jobs` at a time.

    Args:
        state: Folder of results (`results.jsonl`) and of the cases.
        world: Folder of data and checkpoints that all cases share.
        jobs: At a time.
        keep: The folders of cases that went well, too.
    """

    def __init__(
        self, state: Path, world: Path, jobs: int, keep: bool = False
    ) -> None:
        self.state, self.world, self.jobs = state, world, jobs
        self.keep = keep
        self.results = state / 'results.jsonl'
        self.running: dict[int, tuple[Case, Path, float]] = {}

    def done(self) -> dict[tuple[str, str], dict]:
        """Results that are there already, by kind and name."""
        if not self.results.exists():
            return {}
        found = map(json.loads, self.results.read_text().splitlines())
        return {(r['kind'], r['name']): r for r in found}

    def forget(self, names: set[tuple[str, str]]) -> None:
        """Drop these results; those of other kinds stay."""
        kept = [r for key, r in self.done().items() if key not in names]
        self.results.write_text(''.join(json.dumps(r) + '\n' for r in kept))

    def run(self, cases: list[Case], tell) -> None:
        """Run those that have no result; `tell` gets each result."""
        waiting = list(enumerate(cases))[::-1]
        try:
            while waiting or self.running:
                while waiting and len(self.running) < self.jobs:
                    self._start(*waiting.pop())
                self._collect(tell)
                time.sleep(POLL)
        finally:
            for pid in self.running:
                _end(pid)

    def _start(self, number: int, case: Case) -> None:
        folder = self.state / 'cases' / case.kind / f'{number:03d}'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        pid = os.fork()
        if pid:
            self.running[pid] = case, folder, time.monotonic()
            return
        try:
            os.setpgid(0, 0)
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, signal.SIG_DFL)
            result = run_case(case, folder, self.world)
            (folder / '.result').write_text(json.dumps(result))
        finally:
            os._exit(0)

    def _collect(self, tell) -> None:
        for pid, (case, folder, start) in list(self.running.items()):
            seconds = time.monotonic() - start
            late = seconds > case.timeout
            if late:
                _end(pid)
            if not os.waitpid(pid, 0 if late else os.WNOHANG)[0]:
                continue
            del self.running[pid]
            file = folder / '.result'
            if file.exists():
                result = json.loads(file.read_text())
            else:
                result = dict(
                    kind=case.kind,
                    name=case.name,
                    verdict=BAD if late else 'campaign broken',
                    why=f'no result after {seconds:.0f} s',
                    seconds=round(seconds, 1),
                    folder=str(folder),
                )
            with self.results.open('a') as out:
                out.write(json.dumps(result) + '\n')
            failed = result['verdict'] in (*FAILURES, 'campaign broken')
            if not failed and not self.keep:
                shutil.rmtree(folder, ignore_errors=True)
            tell(result)


def _children(pid: int) -> list[int]:
    try:
        text = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def _end(pid: int) -> None:
    """End a case and the commands that it has started."""
    for child in _children(pid):
        _end(child)
        for kill in (os.killpg, os.kill):
            with suppress(OSError):
                kill(child, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
