"""Training and validation images: as the folder says, or divided here.

No random numbers: what is chosen hangs on the names alone. Pictures of one
sequence are alike, so a sequence is not divided where there are several,
and else in blocks.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

VAL_SHARE = 0.15
# What a choice of whole sequences may come to.
SHARES = 0.05, 0.35
BLOCKS_OF_VAL = 3


class Split(NamedTuple):
    """A division of names.

    Attributes:
        val: positions of those for validation.
        why: how it was made, in words.
    """

    val: frozenset[int]
    why: str


def make_split(names: Sequence[str]) -> Split:
    """Choose about 15 % for validation, at least one and never all.

    Args:
        names: paths of images with `/`, sorted; at least two.
    """
    wanted = max(1, round(VAL_SHARE * len(names)))
    percent = f'about {VAL_SHARE:.0%} for validation'
    for sequences, what in (
        (_by_folder(names), 'folders'),
        (_by_prefix(names), 'sequences'),
    ):
        chosen = _whole(sequences, wanted, len(names))
        if chosen:
            return Split(
                frozenset(chosen),
                f'made here, whole {what} (of {len(sequences)}, {percent})',
            )
    if _are_numbered(names):
        return Split(
            frozenset(_blocks(names, wanted)),
            f'made here, blocks of the running numbers ({percent})',
        )
    order = sorted(range(len(names)), key=lambda i: _digest(names[i]))
    return Split(frozenset(order[:wanted]), f'made here, by names ({percent})')


def _by_folder(names: Sequence[str]) -> dict[str, list[int]]:
    groups = defaultdict(list)
    for i, name in enumerate(names):
        groups[PurePosixPath(name).parent.as_posix()].append(i)
    return groups


def _by_prefix(names: Sequence[str]) -> dict[str, list[int]]:
    """By what stands before the last number of a name."""
    groups = defaultdict(list)
    for i, name in enumerate(names):
        found = _last_number(name)
        if found is None:
            return {}
        groups[found[0]].append(i)
    many = sum(len(g) for g in groups.values() if len(g) > 1)
    # Names that end in numbers by chance are no sequences.
    return groups if many > 0.8 * len(names) else {}


def _last_number(name: str) -> tuple[str, int] | None:
    path = PurePosixPath(name)
    found = re.fullmatch(r'(.*?)(\d+)(\D*)', path.stem)
    if found is None:
        return None
    prefix, number, rest = found.groups()
    return f'{path.parent}/{prefix}*{rest}', int(number)


def _are_numbered(names: Sequence[str]) -> bool:
    return all(_last_number(name) is not None for name in names)


def _whole(groups: dict[str, list[int]], wanted: int, total: int) -> list[int]:
    """Whole groups of about `wanted`; empty where none fit."""
    if len(groups) < 2:
        return []
    chosen: list[int] = []
    for name in sorted(groups, key=_digest):
        group = groups[name]
        if abs(len(chosen) + len(group) - wanted) < abs(len(chosen) - wanted):
            chosen += group
    low, high = SHARES
    return chosen if low * total <= len(chosen) <= high * total else []


def _blocks(names: Sequence[str], wanted: int) -> list[int]:
    """Blocks of neighbours, spread evenly."""
    order = sorted(
        range(len(names)), key=lambda i: (_last_number(names[i]), names[i])
    )
    count = min(BLOCKS_OF_VAL, wanted)
    chosen = []
    for block in range(count):
        size = wanted // count + (block < wanted % count)
        middle = (2 * block + 1) * len(names) // (2 * count)
        start = min(max(middle - size // 2, 0), len(names) - size)
        chosen += order[start : start + size]
    return chosen


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
