"""The files of a user's folder, without what programs leave behind."""

import tarfile
import zipfile
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...fileio.folders import walk_files
from .terms import FolderError
from .words import Role, Stem, read_part, read_stem

PICTURES = (
    *('.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.bmp', '.tif', '.tiff'),
    *('.webp', '.gif', '.ppm', '.pgm', '.pnm', '.jp2'),
)
ARRAYS = ('.npy', '.npz', '.exr')
JUNK = ('thumbs.db', 'desktop.ini', '__macosx', 'icon\r')


@dataclass(frozen=True)
class File:
    """One file, and what its path says.

    Attributes:
        path: below the folder, with `/`.
        role: of the folders that it lies in; the innermost word counts.
        split: likewise.
        place: its folders without these words, the same for an image and
            its truth.
        group: its folders that say the role, to tell `masks` from `labels`.
        stem: what its name says.
        suffix: in small letters.
    """

    path: str
    role: Role
    split: str
    place: tuple[str, ...]
    group: tuple[str, ...]
    stem: Stem
    suffix: str

    @property
    def name(self) -> str:
        """Without folder and suffix, in small letters."""
        return PurePosixPath(self.path).stem.lower()

    @property
    def is_picture(self) -> bool:
        """Whether it ends as pictures do."""
        return self.suffix in PICTURES


def list_files(folder: Path, without: Collection[Path] = ()) -> list[File]:
    """All files below a folder, in order of their paths.

    Hidden files, and those that Windows and macOS leave, are not listed.

    Args:
        folder: the user's.
        without: folders below it that are left out: of a run, say.

    Raises:
        FolderError: no such folder, a file, or nothing in it.
    """
    check_folder(folder)
    paths = [
        path.relative_to(folder)
        for path in walk_files(folder, without)
        if path != folder and not path.is_dir()
    ]
    names = sorted(p.as_posix() for p in paths if not _is_junk(p.parts))
    if not names:
        raise FolderError(
            f'{folder}: no file in it; wanted images and their masks or '
            'depth maps, as images/ and masks/ or images/ and depth/'
        )
    return [describe_file(name) for name in names]


def check_folder(folder: Path) -> None:
    """Refuse what is no folder.

    Raises:
        FolderError: and says what it is.
    """
    if folder.is_dir():
        return
    if not folder.exists():
        raise FolderError(
            f'{folder}: no such folder (seen from {Path.cwd()}); check the '
            'path'
        )
    if not folder.is_file():
        raise FolderError(f'{folder}: no folder; give one with images in it')
    if zipfile.is_zipfile(folder) or tarfile.is_tarfile(folder):
        raise FolderError(
            f'{folder}: an archive; unpack it and give the folder'
        )
    raise FolderError(
        f'{folder}: a file, wanted a folder with images and their masks or '
        'depth maps; give the folder that it lies in'
    )


def describe_file(name: str) -> File:
    """What a path says.

    Args:
        name: below the folder, with `/`.
    """
    path = PurePosixPath(name)
    role: Role = ''
    split, place, group = '', [], []
    for part in path.parts[:-1]:
        found = read_part(part)
        numbered = found.role == 'image' and part[-1:].isdigit()
        if found.role and not (numbered and role):
            role = found.role
            group.append(part)
        if found.split:
            split = found.split
        rest = f'{found.split}:{found.rest}' if found.split else found.rest
        if rest:
            place.append(rest)
    return File(
        name,
        role,
        split,
        tuple(place),
        tuple(group),
        read_stem(path.stem),
        path.suffix.lower(),
    )


def describe_kinds(files: Collection[File]) -> str:
    """'12 .jpg, 3 .txt' of files, for messages."""
    counts = Counter(f.suffix or 'no suffix' for f in files)
    return ', '.join(f'{n} {suffix}' for suffix, n in counts.most_common(4))


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(p.startswith('.') or p.lower() in JUNK for p in parts)
