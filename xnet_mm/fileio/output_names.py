"""What the outputs of many inputs are called, so that none is lost."""

from collections import Counter
from collections.abc import Iterable
from os import path as osp
from pathlib import Path


def output_names(
    paths: Iterable[str | Path], root: str | Path | None = None
) -> dict[Path, Path]:
    """A name without suffix for the outputs of each input, no two alike.

    It is the path below `root`. The input's own suffix stays where the name
    would be another input's without it: `a.jpg` and `a.png` keep theirs, and
    then `a.jpg.png` has to as well. The order of the inputs does not matter,
    and one that comes twice is one.

    Args:
        paths: files, there or not; links are not followed.
        root: a folder above the inputs. Default, and where one is not below
            it: the innermost folder above all.

    Returns:
        Path of the input -> relative path; add a suffix to its text
        (`with_suffix` would take `.b` of `a.b` for one).
    """
    given = [Path(path) for path in paths]
    full = {path: Path(osp.abspath(path)) for path in given}
    start = common_folder(path.parent for path in full.values())
    if root is not None and start.is_relative_to(osp.abspath(root)):
        start = Path(osp.abspath(root))
    long = {path: path.relative_to(start) for path in full.values()}
    names = {path: name.with_suffix('') for path, name in long.items()}
    while True:
        times = Counter(names.values())
        alike = [
            path
            for path, name in names.items()
            if times[name] > 1 and name != long[path]
        ]
        if not alike:
            return {path: names[full[path]] for path in given}
        names.update({path: long[path] for path in alike})


def common_folder(folders: Iterable[str | Path]) -> Path:
    """The innermost folder above (or equal to) all, absolute; / for none."""
    found = {osp.abspath(folder) for folder in folders}
    return Path(osp.commonpath(found) if found else '/')
