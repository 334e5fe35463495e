"""Lists of a split that lie in a folder: train.txt, val.txt, test.txt."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ...datasets.split_file import NO_TRUTH
from ...fileio.text import read_lines
from .files import File
from .terms import FolderError
from .words import SPLIT_WORDS

_LIST = re.compile(
    rf'({"|".join(sorted(SPLIT_WORDS, key=len, reverse=True))})'
    r'(?:[_\-]?(?:list|lists|files?|filenames?|names?|split|images?|ids?|'
    r'pairs?|set))?'
)
SUFFIXES = ('.txt', '.lst')


def find_lists(files: Iterable[File]) -> dict[str, File]:
    """The list of each split, where there is one.

    Of several the one for segmentation (as VOC's), then the outermost.
    """
    found: dict[str, list[File]] = defaultdict(list)
    for file in files:
        match = _LIST.fullmatch(file.name)
        if file.suffix in SUFFIXES and match:
            found[SPLIT_WORDS[match[1]]].append(file)

    def rank(file: File) -> tuple[bool, int, str]:
        low = file.path.lower()
        return 'segmentation/' not in low, low.count('/'), low

    return {split: min(several, key=rank) for split, several in found.items()}


class Names:
    """Finds the files that lists name.

    Args:
        files: of the folder.
    """

    def __init__(self, files: Sequence[File]) -> None:
        self._by_path = {f.path: f for f in files}
        self._by_tail: dict[str, list[File]] = defaultdict(list)
        for file in files:
            path = PurePosixPath(file.path)
            for name in {path.name, path.stem}:
                self._by_tail[name].append(file)

    def find(self, name: str, near: str, roles: Sequence[str]) -> File | None:
        """The file of a name, with or without folders and suffix.

        Of paths from elsewhere the ends count: `/data/mine/rgb/a.png`.

        Args:
            name: as the list has it.
            near: folder of the list.
            roles: of files that may be meant.
        """
        path = PurePosixPath(name.replace('\\', '/').lstrip('/'))
        for root in (PurePosixPath(), PurePosixPath(near)):
            file = self._by_path.get((root / path).as_posix())
            if file:
                return file
        found = [f for f in self._by_tail[path.name] if f.role in roles]
        wanted = [p for p in path.parts if p not in ('.', '..')]

        def common(file: File) -> int:
            parts = PurePosixPath(file.path).parts
            count = 0
            for a, b in zip(
                reversed(wanted[:-1]), parts[-2::-1], strict=False
            ):
                if a != b:
                    break
                count += 1
            return count

        found.sort(key=common, reverse=True)
        if len(found) > 1 and common(found[0]) == common(found[1]):
            return None
        return found[0] if found else None


def read_rows(folder: Path, file: File) -> list[tuple[str, ...]]:
    """The columns of a list: `image truth`, or one name that may have blanks.

    Raises:
        FolderError: it is empty, or no text.
    """
    try:
        lines = read_lines(folder / file.path)
    except ValueError as error:
        raise FolderError(str(error)) from None
    rows = []
    for line in lines:
        columns = tuple(line.split())
        is_pair = len(columns) in (2, 3) and (
            columns[1] == NO_TRUTH or PurePosixPath(columns[1]).suffix
        )
        rows.append(columns[:2] if is_pair else (line,))
    if not rows:
        raise FolderError(
            f'{folder / file.path}: an empty list; name images in it, or '
            'remove it'
        )
    return rows
