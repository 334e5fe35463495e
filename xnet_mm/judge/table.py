"""Tables as CSV files and figures as JSON, written whole or not at all."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from ..fileio.atomic import write_atomically

Cell = str | int | float | None
Row = dict[str, Cell]


def write_csv(path: Path, rows: Sequence[Mapping[str, Cell]]) -> None:
    """Write rows of equal keys, numbers with all their digits.

    Args:
        path: Of the file.
        rows: At least one; None and nan become empty cells.
    """
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    write_atomically(path, text.getvalue().encode('utf-8', 'replace'))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write what other programs read: NaN and infinity become null."""
    text = json.dumps(_plain(content), indent=1, allow_nan=False)
    write_atomically(path, f'{text}\n'.encode())


def _cell(value: Cell) -> Cell:
    if isinstance(value, float):
        return repr(value) if isfinite(value) else ''
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
