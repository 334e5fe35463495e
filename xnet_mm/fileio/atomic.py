"""Files that are either whole or not there, whenever the process dies."""

import os
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.fileio import LocalBackend, register_backend


def write_atomically(path: str | Path, data: bytes | memoryview) -> None:
    """Write to a temporary name next to `path`, then rename.

    Folders are made as needed. Several processes may write one path (the
    sampler pads, so two test the same image): each has a temporary name of
    its own, and what a killed one leaves is `PATH.RANK.tmp`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{get_rank()}.tmp')
    try:
        with temporary.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the rename must not overtake the data
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk has none
        raise
    temporary.replace(path)


@register_backend('xnet_mm.atomic')
class AtomicBackend(LocalBackend):
    """Local files, by `backend_args=dict(backend='xnet_mm.atomic')`."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write `obj` to `filepath` in one step."""
        write_atomically(filepath, obj)
