"""Small text files from anywhere: lists, matrices, class names."""

import codecs
from pathlib import Path

# UTF-32's first: they begin as UTF-16's do.
OTHER_MARKS = {
    codecs.BOM_UTF32_LE: 'UTF-32',
    codecs.BOM_UTF32_BE: 'UTF-32',
    codecs.BOM_UTF16_LE: 'UTF-16',
    codecs.BOM_UTF16_BE: 'UTF-16',
}


def read_text(path: str | Path) -> str:
    """A text file in UTF-8, with or without the mark that Windows sets.

    Line ends come out as they are, for `splitlines`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another encoding, no text, or a folder.
    """
    content = read_bytes(path)
    for mark, encoding in OTHER_MARKS.items():
        if content.startswith(mark):
            raise ValueError(
                f'{path}: a text in {encoding}; save it as UTF-8 (Windows: '
                '"Save as", encoding UTF-8)'
            )
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}: not a text file in UTF-8 ({error.reason} at byte '
            f'{error.start}); save it as UTF-8'
        ) from None
    if '\0' in text:
        raise ValueError(
            f'{path}: not a text file, or in UTF-16; save it as UTF-8'
        )
    return text


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file that hold something, without outer blanks.

    Raises:
        FileNotFoundError or ValueError: as `read_text`.
    """
    lines = (line.strip() for line in read_text(path).splitlines())
    return [line for line in lines if line]


def read_bytes(path: str | Path, kind: str = 'file') -> bytes:
    """What a file holds.

    Args:
        path: of the file.
        kind: what it is, for the error.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a folder, a pipe, or it may not be read.
    """
    path = Path(path)
    try:
        if path.is_file():
            return path.read_bytes()
        found = 'a folder' if path.is_dir() else 'no ordinary file'
        exists = path.exists()
    except OSError as error:
        raise ValueError(
            f'{path}: cannot be read ({error.strerror})'
        ) from None
    if not exists:
        raise FileNotFoundError(f'{path}: no such {kind}')
    raise ValueError(f'{path}: {found}, wanted a file')
