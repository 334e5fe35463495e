"""Which prediction belongs to which truth, and what has no partner."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..datasets.kitti import truth_of_selection
from ..datasets.threads import run_jobs
from .sources import Source, read_source

Verdict = TypeVar('Verdict')
MAX_SHOWN = 20
NO_PREDICTION, NO_PARTNER = 'no prediction', 'no truth of this name'
GONE = 'no such file'
GONE_FROM_LIST = (
    f'{GONE} (paths of a list begin at its folder; for another one give '
    '--prediction-root or --truth-root)'
)


@dataclass(frozen=True)
class Pair:
    """Two files of one name.

    Attributes:
        name: Relative path without suffix.
        prediction: Its file.
        truth: Its file; None where the list says that there is none.
    """

    name: str
    prediction: Path
    truth: Path | None


@dataclass(frozen=True)
class Pairing:
    """All of both sides.

    Attributes:
        pairs: In order of their names.
        alone: (file, why) of what has no partner, predictions first.
        notes: Lines on files of other kinds, and of both sides.
        lists: The text files that were read.
    """

    pairs: tuple[Pair, ...]
    alone: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    lists: tuple[Path, ...]


def find_pairs(
    predictions: Path,
    truth: Path | None,
    suffixes: Collection[str],
    prediction_root: Path | None = None,
    truth_root: Path | None = None,
) -> Pairing:
    """Pair the files of two folders or lists by name, or read the pairs.

    The name is the path below the folder, without suffix, or what a list has
    in its first column: of a list of two (`name truth`, as split files with
    the image in the first column are) the second leads to the file. Where
    not one name is on both sides, names count below the innermost folder of
    their side, as `tools/test.py --out` calls its files. A list of
    predictions with two columns (`prediction truth`) is all that is needed.

    Args:
        predictions: Folder or list.
        truth: Folder or list; of a list of pairs none, the same list, or
            the folder where the paths of its second column begin.
        suffixes: Of files that count.
        prediction_root: Where the paths of a list of predictions begin.
        truth_root: Likewise of truth.

    Raises:
        FileNotFoundError: no such folder or list.
        ValueError: see `read_source`; no truth, or no pair at all.
    """
    if truth is None or _is_same(predictions, truth):
        return _read_pairs(predictions, suffixes, prediction_root, truth_root)
    ours = read_source(predictions, suffixes, prediction_root, column=0)
    if ours.rows:
        if not truth.is_dir() or truth_root is not None:
            raise ValueError(
                f'{predictions} says by itself which truth belongs to a '
                f'prediction, and {truth_root or truth} is another; leave '
                'that out, or give the folder where the paths of its second '
                'column begin'
            )
        return _read_pairs(predictions, suffixes, prediction_root, truth)
    theirs = read_source(truth, suffixes, truth_root)
    partner = _partners(ours, theirs)
    pairs = []
    for name, file in ours.files.items():
        other = partner(name)
        if file is not None and other is not None:
            pairs.append((Pair(name, file, theirs.files[other]), other))
    if not pairs:
        raise ValueError(_describe_no_pair(ours, theirs))
    mine = {pair.name for pair, _ in pairs}
    used = {other for _, other in pairs}
    alone = [
        (str(file or name), NO_PARTNER)
        for name, file in ours.files.items()
        if name not in mine
    ]
    alone += [
        (str(file), NO_PREDICTION)
        for name, file in theirs.files.items()
        if name not in used and file is not None
    ]
    return _checked([pair for pair, _ in pairs], alone, (ours, theirs))


def _is_same(a: Path, b: Path) -> bool:
    return a.is_file() and b.is_file() and a.samefile(b)


def _read_pairs(
    path: Path,
    suffixes: Collection[str],
    prediction_root: Path | None,
    truth_root: Path | None,
) -> Pairing:
    """The pairs of a list of `prediction truth`."""
    ours = read_source(path, suffixes, prediction_root, column=0)
    if not ours.rows:
        wanted = 'a list with lines `prediction truth`'
        raise ValueError(
            f'{path} has no truth in it: give TRUTH, a folder or a list, or '
            f'{wanted}'
        )
    theirs = read_source(path, suffixes, truth_root)
    pairs = [
        Pair(name, file, theirs.files[name])
        for name, file in ours.files.items()
        if file is not None
    ]
    return _checked(pairs, [], (ours,))


def _checked(
    pairs: Sequence[Pair],
    alone: list[tuple[str, str]],
    sources: Sequence[Source],
) -> Pairing:
    """The pairing without pairs of which a file is not there."""
    whole = []
    for pair in sorted(pairs, key=lambda pair: pair.name):
        gone = [
            (str(file), GONE_FROM_LIST if source.is_list else GONE)
            for file, source in (
                (pair.prediction, sources[0]),
                (pair.truth, sources[-1]),
            )
            if file is not None and not file.is_file()
        ]
        alone += gone
        if not gone:
            whole.append(pair)
    same = sum(_is_same(p.prediction, p.truth) for p in whole if p.truth)
    notes = [
        f'{source.path}: {count} files with {suffix} are no maps'
        for source in sources
        for suffix, count in source.ignored.most_common()
    ]
    if same:
        notes.append(
            f'{same} of {len(whole)} predictions are the very files of the '
            'truth: nothing is judged by them'
        )
    lists = tuple(source.path for source in sources if source.is_list)
    return Pairing(tuple(whole), tuple(alone), tuple(notes), lists)


def _partners(ours: Source, theirs: Source) -> Callable[[str], str | None]:
    """From a name of ours to one of theirs."""

    def plain(name: str) -> str | None:
        # KITTI's selection calls a map otherwise than its image.
        for other in (name, truth_of_selection(name)):
            if other in theirs.files:
                return other
        return None

    if any(map(plain, ours.files)):
        return plain
    short = {own: name for name, own in ours.without_common_folder().items()}
    others = theirs.without_common_folder()
    return lambda name: others.get(short[name])


def _describe_no_pair(ours: Source, theirs: Source) -> str:
    shown = [
        f'{source.path} has {len(source.files)} ({", ".join(names[:3])}'
        f'{", ..." * (len(names) > 3)})'
        for source in (ours, theirs)
        for names in [sorted(source.files)]
    ]
    return (
        f'no prediction has the name of a truth: {shown[0]}, {shown[1]}. '
        'Files pair by their path below the folder, without suffix; call '
        'them alike, or give a list with lines `prediction truth`'
    )


def describe_alone(alone: Sequence[tuple[str, str]], what: str) -> str:
    """One line a file of what cannot be judged, the first twenty.

    Args:
        alone: (file, why).
        what: They are: 'files ...'.
    """
    if len(alone) == 1:
        what = what.replace('files', 'file', 1)
    lines = [f'{file}: {why}' for file, why in alone[:MAX_SHOWN]]
    if len(alone) > MAX_SHOWN:
        lines.append(f'... and {len(alone) - MAX_SHOWN} more')
    return '\n  '.join([f'{len(alone)} {what}:', *lines])


def judge_pairs(
    judge: Callable[[Pair], Verdict],
    pairs: Sequence[Pair],
    workers: int | None = None,
) -> tuple[list[Verdict], list[tuple[str, str]]]:
    """Judge all pairs, in threads, with a progress bar.

    Args:
        judge: The verdict on one pair; an OSError or ValueError of it begins
            with the path of the file.
        pairs: At least one.
        workers: Threads; by default one a core.

    Returns:
        A verdict of each that could be judged, in order, and (file, why) of
        the others.
    """
    found = run_jobs(judge, pairs, 'Judging', workers)
    verdicts, wrong = [], []
    for pair, result in zip(pairs, found, strict=True):
        if isinstance(result, str):
            wrong.append(split_problem(result, pair))
        else:
            verdicts.append(result)
    return verdicts, wrong


def split_problem(text: str, pair: Pair) -> tuple[str, str]:
    """(file, why) of an error's text, which begins with the file's path."""
    for file in (pair.prediction, pair.truth):
        if text.startswith(f'{file}: '):
            return str(file), text.removeprefix(f'{file}: ')
    return str(pair.prediction), text
