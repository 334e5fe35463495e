"""A look at images: whole, and how large."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ...datasets.threads import run_jobs
from ...fileio.images import check_picture, read_image, read_size
from ...fileio.text import read_bytes
from .terms import FolderError

Size = tuple[int, int]


def image_size(path: Path) -> Size:
    """(height, width) of an image as it is shown; it is whole.

    Nothing is decoded: a file that is cut short is found by its end.

    Raises:
        FileNotFoundError or ValueError: no image, or cut short.
    """
    check_picture(read_bytes(path, 'image'), str(path))
    width, height = read_size(path)
    return height, width


def decoded_size(path: Path) -> Size:
    """The same, of the decoded image.

    Raises:
        FileNotFoundError or ValueError: see `read_image`.
    """
    height, width = read_image(path).shape[:2]
    return height, width


def look_at_images(folder: Path, paths: Sequence[str]) -> list[Size]:
    """Sizes of some images that are decoded, with a progress bar.

    Raises:
        FolderError: the first one that is wrong.
    """
    sizes = run_jobs(
        lambda path: decoded_size(folder / path), paths, 'looking at images'
    )
    for size in sizes:
        if isinstance(size, str):
            raise FolderError(size)
    return [size for size in sizes if not isinstance(size, str)]


def shares(sizes: Sequence[Size]) -> tuple[tuple[Size, float], ...]:
    """Each size with its share, the most frequent first."""
    counts = Counter(sizes)
    ordered = sorted(counts, key=lambda size: (-counts[size], size))
    return tuple((size, counts[size] / len(sizes)) for size in ordered)
