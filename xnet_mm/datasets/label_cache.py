"""What was read in label maps, kept for the next start.

It is what a file holds and not what a data set makes of it: other classes or
another `ignore_index` are judged by the same entries.
"""

import json
import os
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256
from os import path as osp
from pathlib import Path
from typing import Any

import PIL
from mmengine.logging import print_log

from ..fileio.atomic import write_atomically
from ..fileio.image_headers import LIMIT
from ..fileio.lock import in_turn
from ..version import __version__

PLACE = 'XNET_MM_CACHE'
OFF = 'off'
FORMAT = 1  # raise it when `label_check.read_ids` reads or refuses otherwise
# Nanoseconds. A file may change twice within one tick of its file system's
# clock (2 s on FAT), with equal times: what is younger is not kept.
SETTLED = 2 * 10**9

Stamps = list[int]


class LabelCache:
    """The ids of the label maps of one split, as long as nothing changed.

    An entry counts only while both files of its pair have the size, the time
    of change and the time of their inode's change that they had when they
    were read; a copy with an old date (`cp -p`) has another one of the last.
    Several processes may use one file: each adds what it read.

    Args:
        path: of the file, see `cache_path`; None keeps nothing.
        labels: all label maps of the split, whoever looks at them; entries
            of others are dropped.
    """

    def __init__(
        self, path: Path | None = None, labels: Iterable[str | Path] = ()
    ) -> None:
        self.path = path
        self._labels = {osp.abspath(label) for label in labels}
        self._known = _read(path)
        self._new: dict[str, list] = {}

    def get(
        self, image: str | Path, label: str | Path, stamps: Stamps | None
    ) -> set[int] | None:
        """The ids of a label map, or None where it has to be read.

        Args:
            image: path of the image, whose size the label map has to have.
            label: path of the label map.
            stamps: of both, by `stamps_of`.
        """
        entry = self._known.get(osp.abspath(label)) if self._known else None
        if stamps is None or not isinstance(entry, list) or len(entry) != 3:
            return None
        ids = entry[2]
        if entry[:2] != [osp.abspath(image), stamps] or not (
            isinstance(ids, list) and ids and all(type(i) is int for i in ids)
        ):
            return None
        return set(ids)

    def put(
        self,
        image: str | Path,
        label: str | Path,
        stamps: Stamps | None,
        ids: set[int],
    ) -> None:
        """Keep the ids that were read after the `stamps` were taken."""
        if self.path and stamps is not None:
            entry = [osp.abspath(image), stamps, sorted(ids)]
            self._new[osp.abspath(label)] = entry

    def save(self) -> None:
        """Write what is new; where that cannot be, say so and go on."""
        if not self.path or not self._new:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with in_turn(self.path.with_suffix('.lock')):
                files = {**_read(self.path), **self._new}
                kept = {k: v for k, v in files.items() if k in self._labels}
                content = dict(made_by=_made_by(), files=kept)
                text = json.dumps(content, separators=(',', ':'))
                write_atomically(self.path, text.encode())
        except OSError as error:
            print_log(
                f'What was read in label maps cannot be kept ({error}): the '
                f'next start reads them again. {PLACE}=FOLDER in the '
                f'environment names a place for it, {PLACE}={OFF} none.',
                logger='current',
            )


def cache_path(places: Sequence[str]) -> Path | None:
    """The file of a data set's split; None where nothing is to be kept.

    Below the folder that XNET_MM_CACHE names, else in `xnet_mm/` of the
    user's folder for such files (XDG_CACHE_HOME, else ~/.cache).

    Args:
        places: folders of the images and of the label maps, and the split
            file if there is one.
    """
    told = os.environ.get(PLACE)
    if told == OFF:
        return None
    try:
        user = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
        folder = Path(told).expanduser() if told else Path(user, 'xnet_mm')
    except RuntimeError:  # a user without a home
        return None
    name = '\0'.join(map(osp.abspath, places))
    digest = sha256(os.fsencode(name)).hexdigest()[:32]
    return folder / 'label_ids' / f'{digest}.json'


def stamps_of(*paths: str | Path) -> Stamps | None:
    """Size and two times of each file; None where they prove nothing.

    Taken before a file is read: one that changes meanwhile has others later.
    """
    stamps = []
    newest = time.time_ns() - SETTLED
    for path in paths:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        if max(found.st_mtime_ns, found.st_ctime_ns) > newest:
            return None
        stamps += [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    return stamps


def _made_by() -> list:
    """What decides on what is read and on what is refused."""
    return [FORMAT, __version__, PIL.__version__, os.environ.get(LIMIT)]


def _read(path: Path | None) -> dict[str, Any]:
    """The entries of a file, by label map; none of one that is not ours."""
    if path is None or not path.is_file():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get('made_by') != _made_by():
        return {}
    files = content.get('files')
    return files if isinstance(files, dict) else {}
