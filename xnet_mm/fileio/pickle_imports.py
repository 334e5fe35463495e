"""What a pickle would import, read without running it."""

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .unpickling import allowed_names, python_3_name


def foreign_types(path: Path, most: int = 4) -> list[str]:
    """What a pickle asks for beyond plain data, without running it."""
    allowed = allowed_names()
    foreign = dict.fromkeys(n for n in _globals(path) if n not in allowed)
    names = [n for n in foreign if not n.endswith('Storage')]
    more = [f'... ({len(names)} in all)'] if len(names) > most else []
    return names[:most] + more


def is_zip(path: Path) -> bool:
    """Whether a file is a zip file, whole or damaged."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return True


def _globals(path: Path) -> Iterator[str]:
    """Names that the pickle(s) of a file import, as far as they go."""
    try:
        if is_zip(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if info.filename.endswith('.pkl'):
                        with archive.open(info) as file:
                            yield from _imports(file)
        else:
            with path.open('rb') as file:
                while file.peek(1):  # legacy: several, one after another
                    yield from _imports(file)
    except Exception:  # no pickle (any more)
        return


def _imports(file: Any) -> Iterator[str]:
    texts: list[str] = []
    memo: dict[Any, str | None] = {}
    last: str | None = None  # what was pushed, if it is a text
    for code, argument, _ in pickletools.genops(file):
        if code.name in ('GLOBAL', 'INST') and argument:
            yield python_3_name(*argument.split(' ', 1))
        elif code.name == 'STACK_GLOBAL' and len(texts) > 1:
            yield python_3_name(*texts[-2:])
        elif code.name == 'MEMOIZE':
            memo[len(memo)] = last
        elif code.name in ('PUT', 'BINPUT', 'LONG_BINPUT'):
            memo[argument] = last
        else:
            is_known = code.name in ('GET', 'BINGET', 'LONG_BINGET')
            text = memo.get(argument) if is_known else argument
            last = text if isinstance(text, str) else None
            if last is not None:
                texts.append(last)
            continue
        if code.name.endswith(('GLOBAL', 'INST')):
            last = None
