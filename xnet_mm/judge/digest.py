"""SHA-256 of one file, and of many by their names and contents."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

CHUNK = 2**20


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        FileNotFoundError or ValueError: it is not there, or not readable.
    """
    digest = sha256()
    try:
        with path.open('rb') as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except OSError as error:
        raise ValueError(
            f'{path}: cannot be read ({error.strerror})'
        ) from None
    return digest.hexdigest()


def set_digest(digests: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of many files: of the text that `sha256sum` prints of them.

    Args:
        digests: (name, SHA-256) of each; in whatever order they come, the
            text has them sorted by name.
    """
    text = ''.join(f'{digest}  {name}\n' for name, digest in sorted(digests))
    return sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()
