"""One writer a folder: a lock that its holder's death releases."""

import errno
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mmengine.logging import print_log

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TRAIN_LOCK = 'train.lock'  # of a training, in its work dir
PATIENCE = 5  # seconds for a killed training's processes to go

# Locks of this process. Closing any file of the same name would release the
# lock, so a second request must not open it again.
_held: dict[Path, IO] = {}
_REFUSED = (errno.EACCES, errno.EAGAIN)


class FolderInUseError(ValueError):
    """Another process works in the folder."""


def lock_folder(folder: str | Path, name: str, patience: float = 0) -> bool:
    """Be the only process that works in `folder`, until `unlock_folder`.

    A record lock (POSIX): the kernel releases it when the process ends,
    however it ends, and what the process starts does not inherit it: data
    workers that outlive a killed training by seconds hold nothing.

    Args:
        folder: Made as needed.
        name: Of the lock's file, which stays; it says who has the lock.
        patience: Seconds to wait for a holder that may be ending.

    Returns:
        Whether it is locked. False where the file system has no locks:
        that is logged, and two writers are not kept apart there.

    Raises:
        FolderInUseError: another process holds it; the text says which.
    """
    path = Path(folder).resolve() / name
    if path in _held:
        return True
    end = time.monotonic() + patience
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open('a+')
        while not _lock(file):
            if time.monotonic() > end:
                file.seek(0)
                holder = file.read(200).strip()
                file.close()
                raise FolderInUseError(
                    f'{path.parent} is in use by {holder or "a process"}. '
                    'Two trainings in one folder would overwrite each '
                    "other's checkpoints: wait for it, stop it, or give "
                    'another --work-dir.'
                )
            time.sleep(0.1)
    except OSError as error:
        print_log(
            f'{path} cannot be locked ({error}): take care yourself that '
            'only one training writes into this folder.',
            logger='current',
            level=logging.WARNING,
        )
        return False
    _held[path] = file
    file.truncate(0)
    file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
    file.flush()
    return True


def unlock_folder(folder: str | Path, name: str) -> None:
    """Let others work in `folder`; nothing happens if it is not locked."""
    file = _held.pop(Path(folder).resolve() / name, None)
    if file is not None:
        file.close()


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait while another process of this machine is in here with `path`.

    Where the file system has no locks nobody waits.

    Args:
        path: Of the lock's file, made as needed; its folder exists.

    Raises:
        OSError: it cannot be written.
    """
    with path.open('a') as file:
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock(file: IO) -> bool:
    """Whether the lock was free, and is this process's now.

    Raises:
        OSError: there are no locks here.
    """
    if fcntl is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _REFUSED:
            return False
        raise
    return True
