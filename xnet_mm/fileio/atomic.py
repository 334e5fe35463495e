"""Files that are either whole or not there, whenever the process dies."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mmengine.dist import get_rank
from mmengine.fileio import LocalBackend, register_backend

HOST = re.sub(r'\W', '_', socket.gethostname())[:32]
# Of this package, and as it named them before: NAME.RANK.tmp.
_TEMPORARY = re.compile(
    r'(?P<name>.+)\.((?P<host>\w+)-(?P<pid>\d+)-)?\d+\.tmp', re.DOTALL
)


def write_atomically(path: str | Path, data: bytes | memoryview) -> None:
    """Write by a temporary name, see `replacing`."""
    with replacing(path) as temporary, temporary.open('wb') as file:
        file.write(data)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary name next to `path`, which gets its name at the end.

    Folders are made as needed. Several processes may write one path (the
    sampler pads, so two test the same image): each has a temporary name of
    its own, and what a killed one leaves is `PATH.HOST-PID-RANK.tmp`. After
    an error nothing is left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name may be as long as the system allows; this one must be no longer.
    name = os.fsencode(path.name)[:150].decode(errors='ignore')
    temporary = path.with_name(f'{name}.{HOST}-{os.getpid()}-{get_rank()}.tmp')
    try:
        yield temporary
        with temporary.open('rb') as file:
            os.fsync(file.fileno())  # the rename must not overtake the data
    except BaseException as error:
        temporary.unlink(missing_ok=True)  # a full disk wants the room
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)  # a full disk: none
        raise
    temporary.replace(path)


class Leftover(NamedTuple):
    """A temporary file that `write_atomically` made.

    Attributes:
        path: Of the temporary file.
        name: Of the file that it was to become.
        alive: Whether its writer may still be at work: a process of this
            machine has the writer's number.
    """

    path: Path
    name: str
    alive: bool


def leftovers(folder: Path, deep: bool = False) -> Iterator[Leftover]:
    """Temporary files in `folder`, of living writers and of dead ones.

    Args:
        folder: Where to look.
        deep: Whether to look into its folders too.
    """
    for path in folder.rglob('*.tmp') if deep else folder.glob('*.tmp'):
        match = _TEMPORARY.fullmatch(path.name)
        if match and path.is_file() and not path.is_symlink():
            alive = match['host'] in (None, HOST) and lives(match['pid'])
            yield Leftover(path, match['name'], alive)


def lives(pid: str | None) -> bool:
    """Whether there is such a process here; of an unknown one, perhaps."""
    try:
        if pid is not None:
            os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


@register_backend('xnet_mm.atomic')
class AtomicBackend(LocalBackend):
    """Local files, by `backend_args=dict(backend='xnet_mm.atomic')`."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write `obj` to `filepath` in one step."""
        write_atomically(filepath, obj)
