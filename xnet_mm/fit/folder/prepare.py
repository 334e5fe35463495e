"""Makes data sets for training of what was understood of a folder."""

import hashlib
import os
import shutil
from pathlib import Path

from ...fileio.atomic import lives
from .found import DepthFound, Found, LabelsFound
from .prepare_depth import prepare_depth
from .prepare_labels import prepare_labels
from .prepared import Prepared, load, read, save
from .terms import FolderError

VERSION = 1  # raise it when the same folder gives other files
NAME = 'data'


def prepare(
    found: Found, out: str | Path, workers: int | None = None
) -> Prepared:
    """Read every file, and write what training needs to `out/data`.

    That are lists of the splits and, where the user's labels are no 8-bit
    PNG of ids 0..K-1 and 255, label maps of that kind. Images stay where
    they are. It appears whole or not at all; a second call with the same
    files finds it done.

    Args:
        found: of `understand`.
        out: folder of the run.
        workers: threads; by default one a core.

    Raises:
        FolderError: a file is damaged, has another size than its image, or
            something that a look at some files did not show; or `out/data`
            holds something else.
    """
    folder = Path(out) / NAME
    fingerprint = fingerprint_of(found, folder)
    there = load(folder, fingerprint)
    if there:
        return there
    if folder.exists() and not read(folder) and any(folder.iterdir()):
        raise FolderError(
            f'{folder}: there already, and not made here; give another '
            'folder for what is written'
        )
    _clear_leftovers(folder.parent)
    partial = folder.with_name(f'{NAME}.{os.getpid()}.tmp')
    try:
        partial.mkdir(parents=True)
        if isinstance(found, LabelsFound):
            prepared = prepare_labels(found, partial, folder, workers)
        else:
            assert isinstance(found, DepthFound)
            prepared = prepare_depth(found, partial, folder, workers)
        save(prepared, partial, fingerprint)
        _swap(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return prepared


def fingerprint_of(found: Found, folder: Path) -> str:
    """Changes when a file of the pairs does, or what was understood.

    Args:
        found: of `understand`.
        folder: where the data sets are to be, as their settings name it.
    """
    digest = hashlib.sha256(f'{VERSION} {found!r}'.encode())
    digest.update(f'{found.folder.resolve()} {folder.resolve()}'.encode())
    paths = {
        name
        for pairs in found.pairs.values()
        for pair in pairs
        for name in pair[:2]
    }
    for name in sorted(paths):
        state = (found.folder / name).stat()
        digest.update(f'{name} {state.st_size} {state.st_mtime_ns}\n'.encode())
    return digest.hexdigest()


def _clear_leftovers(out: Path) -> None:
    """Remove what processes left that were killed."""
    for path in out.glob(f'{NAME}.*.tmp*'):
        number = path.name.split('.')[1]
        if not number.isdecimal():
            continue
        if not lives(number) or number == str(os.getpid()):
            shutil.rmtree(path, ignore_errors=True)


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`, which may be there."""
    if folder.exists():
        old = new.with_name(f'{new.name}.old')
        folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old)
    else:
        new.rename(folder)
