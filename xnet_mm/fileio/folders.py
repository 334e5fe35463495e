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
    left_out = {_key(p) for p in without if p.is_dir()}
    for name in _walk(str(folder), '', left_out, ()):
        yield folder / name


def _walk(
    folder: str, name: str, without: set[_Key], above: tuple[_Key, ...]
) -> Iterator[str]:
    """Names relative to the first folder, with `/`; that of itself is ''.

    Text and no `Path`, which takes half of the time of a large folder.
    """
    key = _key(folder)
    if key in without or key in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        entries = []
    if not entries:
        yield name
    for entry in entries:
        below = f'{name}/{entry.name}' if name else entry.name
        if entry.is_dir():
            yield from _walk(entry.path, below, without, (*above, key))
        else:
            yield below


def list_names(folder: str | Path, suffix: str = '') -> list[str]:
    """Files below a folder that end with `suffix`, relative to it, sorted.

    As mmengine's `list_dir_or_file`, without hidden files; but that one
    follows a link in a circle and lists each file forty times.
    """
    return sorted(
        name
        for name in _walk(str(Path(folder)), '', set(), ())
        # An empty folder is its own only entry, and has no name here.
        if name
        and name.endswith(suffix)
        and not name.rpartition('/')[2].startswith('.')
    )


def _key(folder: str | Path) -> _Key:
    """The same for all names of a folder."""
    found = os.stat(folder)
    return found.st_dev, found.st_ino
