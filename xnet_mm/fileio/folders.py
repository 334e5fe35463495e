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
        names = sorted(os.listdir(folder))
    except OSError:
        names = []
    if not names:
        yield folder
    for path in (folder / name for name in names):
        if path.is_dir():
            yield from _walk(path, without, (*above, key))
        else:
            yield path


def _key(folder: Path) -> _Key:
    """The same for all names of a folder."""
    found = folder.stat()
    return found.st_dev, found.st_ino
