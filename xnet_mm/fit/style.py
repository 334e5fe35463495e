"""How a folder's label pictures are to be read."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .classes import Classes, name_classes
from .legend import Legend
from .terms import Colour, Kind, Reading


@dataclass(frozen=True)
class Style:
    """How label pictures are to be read.

    Attributes:
        kind: of labels.
        reading: see `codes.to_codes`.
        legend: the file that names the classes, if any.
        palette: colours of ids, of a picture of indices.
        notes: what the user should know.
    """

    kind: Kind
    reading: Reading
    legend: Legend | None
    palette: tuple[Colour, ...]
    notes: tuple[str, ...] = ()

    def classes(self, counts: Counter, where: Path) -> Classes:
        """What codes mean, see `name_classes`."""
        return name_classes(
            counts, self.kind, self.legend, self.palette, where
        )
