"""What predictions and truth are given as: folders, or lists of paths."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..datasets.split_file import NO_TRUTH, read_split
from ..fileio.folders import list_names
from ..fileio.output_names import common_folder

DEPTH_SUFFIXES = ('.png', '.tif', '.tiff', '.npy', '.npz', '.exr')
LABEL_SUFFIXES = ('.png', '.tif', '.tiff', '.bmp', '.npy', '.npz')
# Ends of what a list names beside maps: the images that they belong to.
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.bmp', '.ppm', '.webp', '.jp2')


@dataclass(frozen=True)
class Source:
    """One side: files by name.

    Attributes:
        path: Folder or list, as given.
        files: By name: below the folder, or as the list has it, without
            suffix. None says the list of what it knows no file of.
        rows: Of a list of two columns: (first, second) paths as given there,
            by name; empty of others.
        ignored: How many files of the folder have which other suffix.
    """

    path: Path
    files: dict[str, Path | None]
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    ignored: Counter = field(default_factory=Counter)

    @property
    def is_list(self) -> bool:
        """Whether it is a text file of paths."""
        return self.path.is_file()

    def without_common_folder(self) -> dict[str, str]:
        """Names below the innermost folder of all -> the names here."""
        parents = {PurePosixPath('/', n).parent for n in self.files}
        root = PurePosixPath(common_folder(map(str, parents)).as_posix())
        return {
            PurePosixPath('/', name).relative_to(root).as_posix(): name
            for name in self.files
        }


def read_source(
    path: Path,
    suffixes: Collection[str],
    root: Path | None = None,
    column: int = -1,
) -> Source:
    """List the files of one side.

    A list is a text file with a path a line (`#` is no comment, names have
    no blanks), or as split files have it `first second`, with a third
    column that is not used. Relative paths begin at `root`.

    Args:
        path: Folder or list.
        suffixes: Of files that count, in small letters.
        root: Folder where the list's paths begin; by default that of the
            list.
        column: Of two: which one is this side's file, 0 or -1 (the second).

    Raises:
        FileNotFoundError: no such folder or list.
        ValueError: nothing in it, two files of one name, or a list that
            cannot be read.
    """
    if path.is_dir():
        if root is not None:
            raise ValueError(
                f'{path} is a folder, and its files lie in it: a root '
                f'({root}) is for the paths of a list'
            )
        return _read_folder(path, suffixes)
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: no such folder or list (seen from {Path.cwd()})'
        )
    if path.suffix.lower() in suffixes:
        raise ValueError(
            f'{path}: a single map; wanted a folder, or a text file with a '
            'path a line'
        )
    return _read_list(path, suffixes, root or path.parent, column)


def name_of(path: str, suffixes: Collection[str]) -> str:
    """A path's name without a suffix that is known, and without leading /."""
    pure = PurePosixPath(path.replace('\\', '/').lstrip('/'))
    if pure.suffix.lower() in (*suffixes, *IMAGE_SUFFIXES):
        pure = pure.with_suffix('')
    return PurePosixPath(*[p for p in pure.parts if p != '.']).as_posix()


def _read_folder(folder: Path, suffixes: Collection[str]) -> Source:
    files: dict[str, Path | None] = {}
    ignored: Counter = Counter()
    for name in list_names(folder):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in suffixes:
            ignored[suffix or 'no suffix'] += (folder / name).is_file()
            continue
        _add(files, name_of(name, suffixes), folder / name, folder)
    if not files:
        found = ', '.join(sorted(+ignored)) or 'none at all'
        raise ValueError(
            f'{folder}: no file ends with {" ".join(suffixes)}; found files '
            f'ending with: {found}'
        )
    return Source(folder, files, ignored=+ignored)


def _read_list(
    path: Path, suffixes: Collection[str], root: Path, column: int
) -> Source:
    lines = read_split(path)
    if not lines:
        raise ValueError(f'{path}: the list is empty')
    if len({len(columns) > 1 for columns in lines}) > 1:
        raise ValueError(
            f'{path}: some lines have one path and others two; wanted the '
            'same in all'
        )
    files: dict[str, Path | None] = {}
    rows = {}
    for columns in lines:
        name = name_of(_below(columns[0], path.parent), suffixes)
        own = columns[:2][column]
        _add(files, name, _file(own, root), path)
        if len(columns) > 1:
            rows[name] = (columns[0], columns[1])
    return Source(path, files, rows)


def _add(
    files: dict[str, Path | None], name: str, file: Path | None, where: Path
) -> None:
    if name in files:
        raise ValueError(
            f'{where}: {files[name]} and {file} are both called {name}; '
            'which one is meant? Give each map once'
        )
    files[name] = file


def _below(text: str, root: Path) -> str:
    """A path of a list as it is below `root`, if it is."""
    path = Path(text)
    if path.is_absolute() and path.is_relative_to(root.absolute()):
        return path.relative_to(root.absolute()).as_posix()
    return text


def _file(text: str, root: Path) -> Path | None:
    """Where a path of a list leads; a leading / may mean the root."""
    if text == NO_TRUTH:
        return None
    path = Path(text)
    if path.is_absolute() and path.exists():
        return path
    return root / text.lstrip('/')
