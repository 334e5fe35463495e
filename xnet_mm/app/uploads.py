"""A file that a browser sends: its name made safe, its size bounded."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

LARGEST = 200 * 2**20  # bytes of an upload
LONGEST_NAME = 100  # bytes; a file's own name may have 255
LEFT_OUT = re.compile(r'[^\w.\- ]')


def safe_name(told: str) -> str:
    """A file's name for this machine, of what a browser says it is.

    Args:
        told: percent-encoded, maybe with folders of another system.
    """
    name = re.split(r'[/\\]', unquote(told))[-1]
    name = LEFT_OUT.sub('_', name).strip(' .')
    stem, dot, suffix = name.rpartition('.')
    if not dot or len(suffix) > 5:
        stem, dot, suffix = name, '', ''
    stem = stem.encode()[:LONGEST_NAME].decode(errors='ignore').strip(' .')
    return f'{stem or "picture"}{dot}{suffix}'


async def receive(
    chunks: AsyncIterator[bytes], path: Path, largest: int = LARGEST
) -> None:
    """Write what is sent to a file, and no more than is allowed.

    Args:
        chunks: of the file.
        path: of the file here.
        largest: bytes.

    Raises:
        ValueError: nothing was sent, or too much.
    """
    size = 0
    with path.open('wb') as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > largest:
                raise ValueError(
                    f'{path.name} is larger than {largest / 2**20:g} MB, the '
                    'most that this page takes. tools/predict.py takes any'
                )
            file.write(chunk)
    if not size:
        raise ValueError(f'{path.name} is empty, wanted a picture')
