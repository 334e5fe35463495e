"""The card of an evaluation: which files, which rules, which figures."""

import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ..version import __version__
from .digest import file_digest, set_digest
from .pairs import Pair, Pairing


def describe_sides(
    given: tuple[Path, Path | None],
    pairing: Pairing,
    judged: Iterable[tuple[Pair, tuple[str, str]]],
) -> dict[str, Any]:
    """Paths and SHA-256 of both sides and of the lists.

    The SHA-256 of a side is that of the text which `sha256sum` prints for
    its files, sorted by name; a file is called like its pair, with its own
    suffix.

    Args:
        given: Predictions and truth, as on the command line.
        pairing: What became of them.
        judged: Each pair, and the SHA-256 of its files ('' for none).
    """
    ours, theirs = [], []
    for pair, (own, other) in judged:
        ours.append((pair.name + pair.prediction.suffix, own))
        if pair.truth is not None and other:
            theirs.append((pair.name + pair.truth.suffix, other))
    return dict(
        predictions=dict(
            path=str(given[0]), files=len(ours), sha256=set_digest(ours)
        ),
        truth=dict(
            path=str(given[1] or given[0]),
            files=len(theirs),
            sha256=set_digest(theirs),
        ),
        lists={str(path): file_digest(path) for path in pairing.lists},
    )


def left_out(
    alone: Sequence[tuple[str, str]], excluded: Sequence[tuple[str, str]]
) -> list[dict[str, str]]:
    """What did not count, and why.

    Args:
        alone: (file, why) of what has no partner or cannot be judged.
        excluded: (file, why) of what the protocol leaves out.
    """
    return [dict(file=f, why=why) for f, why in (*alone, *excluded)]


def versions() -> dict[str, str]:
    """Of what computes and reads."""
    return dict(
        xnet_mm=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        torch=torch.__version__,
        opencv=cv2.__version__,
    )
