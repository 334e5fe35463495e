"""What is compared, and where the outcome goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from .pairs import Pairing, describe_alone, find_pairs

ALLOW = (
    'Mend them, or leave them out by --allow-missing: they are then listed '
    'in the card'
)


@dataclass(frozen=True)
class Files:
    """What is compared, and where to.

    Attributes:
        predictions: Folder or list.
        truth: Folder or list; None where the list of predictions has both.
        out: Folder of the card, the CSV and the pictures.
        prediction_root: Where the paths of a list of predictions begin.
        truth_root: Likewise of truth.
        allow_missing: Whether what has no partner or cannot be judged is
            left out and listed, and no error.
        workers: Threads; by default one a core.
    """

    predictions: Path
    truth: Path | None
    out: Path
    prediction_root: Path | None = None
    truth_root: Path | None = None
    allow_missing: bool = False
    workers: int | None = None

    def pair(self, suffixes: tuple[str, ...]) -> Pairing:
        """The pairs.

        Raises:
            FileNotFoundError or ValueError: see `find_pairs`; or a file
                without a partner.
        """
        found = find_pairs(
            self.predictions,
            self.truth,
            suffixes,
            self.prediction_root,
            self.truth_root,
        )
        self.refuse(found.alone, 'files without a partner')
        return found

    def refuse(self, wrong: Sequence[tuple[str, str]], what: str) -> None:
        """Raise if anything is wrong, unless that is allowed.

        Raises:
            ValueError: names the files and says what to do.
        """
        if wrong and not self.allow_missing:
            raise ValueError(f'{describe_alone(wrong, what)}\n{ALLOW}')


def png(picture: np.ndarray) -> bytes:
    """A file of (h, w, 3) uint8 RGB."""
    data = BytesIO()
    Image.fromarray(picture).save(data, 'PNG')
    return data.getvalue()
