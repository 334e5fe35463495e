"""Files that name the classes: names, ids, colours, in many formats."""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

from ...fileio.text import read_lines, read_text
from ...fileio.yaml_handler import PlainLoader
from .files import File
from .terms import Colour, FolderError

SUFFIXES = ('.txt', '.csv', '.tsv', '.json', '.yaml', '.yml', '.names')
DEEPEST = 3  # folders above such a file
LARGEST = 2**20  # bytes
_NAME = re.compile(
    r'_?(class(es)?|labels?|names?|categor(y|ies)|codes|palette|colou?rs?|'
    r'colou?r_?maps?|(class|label|category|obj)_?(names?|dict|map|list|info|'
    r'colou?rs?|ids?|palette)|id2label|label2id|meta(data)?|notes|dataset|'
    r'data|obj|info)'
)
VOID = re.compile(
    r'_*(void|unlabell?ed|ignored?|ignore[ _-]?(label|index|me)?|'
    r"don'?t[ _-]?care|no[ _-]?label|no[ _-]?data|out[ _-]?of[ _-]?roi)_*",
    re.IGNORECASE,
)
KEYS = (
    *('names', 'classes', 'class_names', 'labels', 'categories', 'id2label'),
    *('label2id', 'class_dict', 'label_colors', 'colors', 'palette'),
)
_N, _S = r'(\d{1,5})', r'[,;\s:]+'
_TEXT = r'"?([^,;\t:"]*[^,;\t:"\s\d][^,;\t:"]*)"?'
# Each is a kind of line: pattern, then which group is what.
LINES: tuple[tuple[str, str], ...] = (
    (rf'{_N}{_S}{_N}{_S}{_N}{_S}{_N}{_S}{_TEXT}', 'irgbn'),
    (rf'{_N}{_S}{_TEXT}{_S}{_N}{_S}{_N}{_S}{_N}', 'inrgb'),
    (rf'{_N}{_S}{_N}{_S}{_N}{_S}{_TEXT}', 'rgbn'),
    (rf'{_TEXT}{_S}{_N}{_S}{_N}{_S}{_N}[,;:\s]*', 'nrgb'),
    (rf'{_N}{_S}{_TEXT}', 'in'),
    (rf'{_TEXT}\s*[,;\t:\s]\s*{_N}', 'ni'),
)


class Entry(NamedTuple):
    """One class of a legend.

    Attributes:
        name: of the class.
        id: in label maps of ids; its place where the file says nothing.
        colour: in label maps of colours, if the file says it.
    """

    name: str
    id: int
    colour: Colour | None = None

    @property
    def is_void(self) -> bool:
        """Whether its pixels have no truth."""
        return VOID.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Legend:
    """What a file says of the classes.

    Attributes:
        file: below the folder.
        entries: in the file's order.
    """

    file: str
    entries: tuple[Entry, ...]

    @property
    def has_colours(self) -> bool:
        """Whether each class has a colour."""
        return all(entry.colour for entry in self.entries)


def find_legends(folder: Path, files: Iterable[File]) -> list[Legend]:
    """All files of class names, the outermost and most telling first.

    Files that are called like one and hold something else are passed over:
    `data.json` may be anything.

    Raises:
        FolderError: classes.txt or the like cannot be read, or has a name
            twice.
    """
    found = []
    for file in files:
        depth = file.path.count('/')
        name = file.name.replace('-', '_').replace(' ', '_')
        if file.suffix not in SUFFIXES or depth > DEEPEST:
            continue
        if not (_NAME.fullmatch(name) or file.suffix == '.names'):
            continue
        path = folder / file.path
        if path.stat().st_size > LARGEST:
            continue
        entries = _read(path, file.suffix)
        if entries:
            _check(entries, path)
            colours = all(entry.colour for entry in entries)
            found.append((depth, not colours, Legend(file.path, entries)))
    found.sort(key=lambda item: (*item[:2], item[2].file))
    return [legend for *_, legend in found]


def _read(path: Path, suffix: str) -> tuple[Entry, ...]:
    try:
        if suffix == '.json':
            return _from_data(json.loads(read_text(path)))
        if suffix in ('.yaml', '.yml'):
            return _from_data(yaml.load(read_text(path), PlainLoader), True)
        return _from_lines(read_lines(path))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        if re.match(r'_?(class|label|name)', path.stem.lower()):
            raise FolderError(
                f'{path}: cannot be read ({" ".join(str(error).split())}); '
                'mend it, or remove it'
            ) from None
        return ()


def _check(entries: Sequence[Entry], path: Path) -> None:
    for what in ('name', 'id', 'colour'):
        values = [getattr(e, what) for e in entries if not e.is_void]
        values = [value for value in values if value is not None]
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise FolderError(
                f'{path}: the {what} {twice[0]!r} comes twice; each class '
                'wants its own'
            )


def _from_lines(lines: Sequence[str]) -> tuple[Entry, ...]:
    """Entries of a text or CSV file."""
    lines = [line for line in lines if not line.startswith('#')]
    if not lines:
        return ()
    headed = not re.search(r'\d', lines[0])
    for pattern, order in LINES:
        for rest in (lines, lines[1:]) if headed else (lines,):
            found = [re.fullmatch(pattern, line) for line in rest]
            if not rest or not all(found):
                continue
            entries = tuple(
                _from_groups(i, order, match.groups())
                for i, match in enumerate(found)
                if match
            )
            # `class 1`, `class 2` are names.
            if len({entry.name for entry in entries}) == len(entries):
                return entries
    rows = [row for row in csv.reader(lines) if row]
    first = rows[0][0].strip().lower()
    if first in ('name', 'names', 'class', 'classes', 'label', 'labels'):
        rows = rows[1:]
    if any(len(row) > 1 for row in rows):
        return ()
    return tuple(Entry(row[0].strip(), i) for i, row in enumerate(rows))


def _from_groups(place: int, order: str, groups: tuple[str, ...]) -> Entry:
    found = dict(zip(order, groups, strict=True))
    colour = None
    if 'r' in found:
        colour = int(found['r']), int(found['g']), int(found['b'])
    return Entry(found['n'].strip(), int(found.get('i', place)), colour)


def _from_data(data: Any, keys_only: bool = False) -> tuple[Entry, ...]:
    """Entries of JSON or YAML."""
    if isinstance(data, dict):
        found = [key for key in KEYS if isinstance(data.get(key), dict | list)]
        if found:
            entries = _from_data(data[found[0]])
            colours = data.get('palette') or data.get('colors')
            if isinstance(colours, list) and len(colours) == len(entries):
                entries = tuple(
                    entry._replace(colour=entry.colour or _colour(colour))
                    for entry, colour in zip(entries, colours, strict=True)
                )
            return entries
        if keys_only:
            return ()
        return _from_mapping(data)
    if not isinstance(data, list) or keys_only:
        return ()
    if all(isinstance(item, str) for item in data):
        return tuple(Entry(name, i) for i, name in enumerate(data))
    if all(isinstance(item, dict) for item in data):
        return _from_dicts(data)
    return ()


def _from_mapping(data: dict) -> tuple[Entry, ...]:
    """{name: colour}, {id: name} or {name: id}."""
    entries = []
    for i, (key, value) in enumerate(data.items()):
        colour = _colour(value)
        if colour:
            entries.append(Entry(str(key), i, colour))
        elif isinstance(value, str) and str(key).isdecimal():
            entries.append(Entry(value, int(key)))
        elif isinstance(value, int) and not isinstance(value, bool):
            entries.append(Entry(str(key), value))
        else:
            return ()
    return tuple(sorted(entries, key=lambda entry: entry.id))


def _from_dicts(data: list[dict]) -> tuple[Entry, ...]:
    entries = []
    for i, item in enumerate(data):
        names = [item.get(k) for k in ('name', 'label', 'class')]
        name = next((n for n in names if isinstance(n, str)), None)
        number = item.get('id', item.get('value', i))
        if name is None or not isinstance(number, int):
            return ()
        colour = _colour(item.get('color', item.get('colour')))
        entries.append(Entry(name, number, colour))
    return tuple(entries)


def _colour(value: Any) -> Colour | None:
    """Three numbers, or '#rrggbb'."""
    if isinstance(value, str):
        if not re.fullmatch(r'#[0-9a-fA-F]{6}', value):
            return None
        value = [int(value[i : i + 2], 16) for i in (1, 3, 5)]
    good = isinstance(value, list | tuple) and len(value) == 3
    if not good or not all(
        isinstance(v, int) and 0 <= v <= 255 for v in value
    ):
        return None
    return value[0], value[1], value[2]


def path_in(folder: Path, legend: Legend) -> PurePosixPath:
    """The legend's file, for messages."""
    return PurePosixPath(folder.as_posix()) / legend.file
