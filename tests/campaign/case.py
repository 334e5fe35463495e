"""What a case is, what is right, and what came of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SURVIVED, CLEAR = 'survived', 'clear error'
BAD, WRONG = 'bad error', 'silently wrong'
CODE, LOST = 'code run', 'lost'
VERDICTS = (SURVIVED, CLEAR, BAD, WRONG, CODE, LOST)
FAILURES = (BAD, WRONG, CODE, LOST)
# A clear error is read, not scrolled.
MAX_LINES, LAST_LINES = 40, 25


class Run(NamedTuple):
    """One command: exit status (negative: the signal), and what it printed.

    `cpu` are the processor's seconds: others may load the machine.
    """

    command: str
    code: int
    out: str
    err: str
    seconds: float
    timed_out: bool = False
    cpu: float = 0.0

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def message(self) -> str:
        """The end of what was printed, errors last, blanks made one."""
        lines = [*self.out.splitlines()[-8:], *self.err.splitlines()]
        return ' '.join(' '.join(lines[-LAST_LINES:]).split())


class Outcome(Exception):
    """A verdict and its reason; raised where a check finds one."""

    def __init__(self, verdict: str, why: str = '') -> None:
        super().__init__(verdict, why)
        self.verdict, self.why = verdict, why


def check(condition: object, why: str, verdict: str = WRONG) -> None:
    """Raise `verdict` unless `condition`."""
    if not condition:
        raise Outcome(verdict, why)


def missing_words(text: str, words: tuple[str, ...]) -> list[str]:
    """The patterns that `text` lacks, in upper or lower case."""
    return [w for w in words if not re.search(w, text, re.IGNORECASE)]


def check_clear(
    run: Run, words: tuple[str, ...], traceback: bool = False
) -> None:
    """Raise unless the run ended with a clear error that has these words.

    Args:
        run: That failed.
        words: Patterns.
        traceback: It is not one of our tools: a traceback may come before.
    """
    check(run.code >= 0, f'ended by signal {-run.code}', BAD)
    found = 'Traceback (most recent call last)' in run.text
    check(traceback or not found, 'a traceback', BAD)
    lines = [ln for ln in run.err.splitlines() if ln.strip()]
    check(
        traceback or len(lines) <= MAX_LINES,
        f'{len(lines)} lines of error',
        BAD,
    )
    missing = missing_words(run.message, words)
    check(not missing, f'the error lacks {missing}', BAD)


@dataclass(frozen=True)
class Refused:
    """Right is: an error that holds these words (patterns).

    Attributes:
        words: Patterns, in upper or lower case.
        traceback: It is no tool of ours: a traceback may come before.
        seconds: Of the processor, at most.
    """

    words: tuple[str, ...]
    traceback: bool = False
    seconds: float | None = None

    def __str__(self) -> str:
        return 'refused: ' + ', '.join(self.words)

    def judge(self, run: Run) -> Outcome:
        check(run.code != 0, 'exit status 0, wanted a refusal')
        check_clear(run, self.words, self.traceback)
        if self.seconds:
            check(
                run.cpu < self.seconds,
                f'{run.cpu:.0f} s until it was refused',
                BAD,
            )
        return Outcome(CLEAR, run.message[-300:])


@dataclass(frozen=True)
class Gives:
    """Right is: exit status 0, and `check` finds what it should.

    `or_refused`: an error with these words is as good.
    """

    what: str
    check: Callable[[Run], None] = lambda run: None
    or_refused: tuple[str, ...] | None = None
    traceback: bool = False

    def __str__(self) -> str:
        words = self.or_refused
        other = f', or refused: {", ".join(words)}' if words else ''
        return self.what + (', or refused' if words == () else other)

    def judge(self, run: Run) -> Outcome:
        if run.code and self.or_refused is not None:
            check_clear(run, self.or_refused, self.traceback)
            return Outcome(CLEAR, run.message[-300:])
        check(run.code == 0, f'refused what is right, code {run.code}', BAD)
        self.check(run)
        return Outcome(SURVIVED)


@dataclass(frozen=True)
class Skips:
    """Right is: a non-zero end that names these, and the rest is there."""

    words: tuple[str, ...]
    check: Callable[[Run], None] = lambda run: None

    def __str__(self) -> str:
        return 'goes on, names at the end: ' + ', '.join(self.words)

    def judge(self, run: Run) -> Outcome:
        check(run.code != 0, 'exit status 0, wanted one that says so')
        self.check(run)
        check_clear(run, self.words)
        return Outcome(SURVIVED, run.message[-300:])


@dataclass(frozen=True)
class Holds:
    """Right is what these words say: the case looks itself."""

    what: str

    def __str__(self) -> str:
        return self.what

    def judge(self, run: Run) -> Outcome:
        return Outcome(SURVIVED)


Right = Refused | Gives | Skips | Holds


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        kind: Group, the name of its file.
        name: Of its own.
        made: How the input is made.
        right: What has to come of it.
        run: Makes the input at a `Desk` and runs the tool, last of all.
        timeout: Seconds, of the whole case.
    """

    kind: str
    name: str
    made: str
    right: Right
    run: Callable = field(repr=False)
    timeout: float = 240


def judge(case: Case, desk: 'object', run: Run) -> Outcome:
    """What came of a case: harm first, then what its table says."""
    try:
        desk.check_harm()
        check(not run.timed_out, f'no end in {run.seconds:.0f} s', BAD)
        outcome = case.right.judge(run)
        check(not (left := desk.leftovers()), f'left behind: {left}', BAD)
    except Outcome as found:
        return found
    return outcome


def newest(folder: Path, pattern: str) -> Path:
    """The last file of that name below `folder`."""
    found = sorted(folder.rglob(pattern))
    check(found, f'no {pattern} in {folder.name}')
    return found[-1]
