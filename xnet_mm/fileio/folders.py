"""What lies below a folder, links to other folders too."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

_Key = tuple[int, int]


def walk_files(folder: Path, without: Collection[Path] = ()) -> Iterator[Path]:
    """Files below a folder, in order of their names, folder by folder.

    Links to folders are followed, but not back to a folder that they lie
    in. A folder that is empty or may not be read is given like a file.

    Args:
        folder: where to begin.
        without: folders that are left out, with all below.
    """
    yield from _walk(folder, {_key(p) for p in without if p.is_dir()}, ())


def _walk(
    folder: Path, without: set[_Key], above: tuple[_Key, ...]
) -> Iterator[Path]:
    key = _key(folder)
    if key in without or key in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        entries = []
    if not entries:
        yield folder
    for entry in entries:
        if entry.is_dir():
            yield from _walk(folder / entry.name, without, (*above, key))
        else:
            yield folder / entry.name


def list_names(folder: str | Path, suffix: str = '') -> list[str]:
    """Files below a folder that end with `suffix`, relative to it, sorted.

    As mmengine's `list_dir_or_file`, without hidden files; but that one
    follows a link in a circle and lists each file forty times.
    """
    root = Path(folder)
    return sorted(
        path.relative_to(root).as_posix()
        for path in walk_files(root)
        if path.name.endswith(suffix) and not path.name.startswith('.')
    )


def _key(folder: Path) -> _Key:
    """The same for all names of a folder."""
    found = folder.stat()
    return found.st_dev, found.st_ino
