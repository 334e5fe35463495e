"""What was understood of a user's folder; nothing here reads files."""

from dataclasses import dataclass
from pathlib import Path

from ...datasets.depth_io import Encoding
from .classes import Style
from .legend import Legend
from .terms import SPLITS, Colour, FolderError, Kind, Pair, Task

__all__ = ['DepthFound', 'FolderError', 'Found', 'LabelsFound', 'Pair']
SHOWN = 8


@dataclass(frozen=True)
class Found:
    """What all tasks have.

    Attributes:
        folder: the user's.
        task: what can be learnt from it.
        pairs: images with truth, by 'train', 'val' and 'test'; the last one
            may be empty.
        split_made: whether there was no split, and one was made.
        split_why: how the images are split, in words.
        without_truth: images that have no truth and are left out.
        sizes: ((height, width), share) of the images looked at, the most
            frequent first.
        notes: what else the user should know.
    """

    folder: Path
    task: Task
    pairs: dict[str, tuple[Pair, ...]]
    split_made: bool
    split_why: str
    without_truth: int
    sizes: tuple[tuple[tuple[int, int], float], ...]
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """What was understood, at most ten short lines."""
        counts = ', '.join(
            f'{len(self.pairs[split])} {split}'
            for split in SPLITS
            if self.pairs[split]
        )
        total = sum(map(len, self.pairs.values()))
        lines = [
            f'{self.task}: {total} images with truth ({counts})',
            f'split: {self.split_why}',
            f'image size: {describe_sizes(self.sizes)}',
            *self.truth_lines(),
        ]
        if self.without_truth:
            lines.append(
                f'{self.without_truth} images have no truth: left out'
            )
        room = 10 - len(lines)
        notes = [*self.notes]
        if len(notes) > room:
            notes[room - 1 :] = ['; '.join(notes[room - 1 :])]
        return lines + notes

    def truth_lines(self) -> list[str]:
        """What is said of the truth, at most five lines."""
        return []


@dataclass(frozen=True)
class LabelsFound(Found):
    """A folder for semantic segmentation.

    Attributes:
        kind: how the labels are stored.
        classes: names, in order of the ids that are trained.
        palette: an RGB colour for each.
        names_from: where the names come from, in words.
        style: how label pictures are read; None for outlines.
        legend: the file that names the classes of YOLO's outlines.
    """

    kind: Kind = 'ids'
    classes: tuple[str, ...] = ()
    palette: tuple[Colour, ...] = ()
    names_from: str = ''
    style: Style | None = None
    legend: Legend | None = None

    def truth_lines(self) -> list[str]:
        """Kind of labels, and the classes."""
        shown = ', '.join(self.classes[:SHOWN])
        if len(self.classes) > SHOWN:
            shown += f', ... {self.classes[-1]}'
        return [
            f'labels: {DESCRIBED[self.kind]}',
            f'{len(self.classes)} classes ({self.names_from}): {shown}',
        ]


DESCRIBED: dict[str, str] = {
    'ids': 'class ids, one channel',
    'binary 0/255': 'binary masks, 0 and 255',
    'colours': 'one colour a class',
    'coco': 'COCO JSON; pixels without annotation are background',
    'yolo': 'YOLO polygons; pixels without polygon are background',
}


@dataclass(frozen=True)
class DepthFound(Found):
    """A folder for depth estimation.

    Attributes:
        format: of the files, in words.
        depth_scale: file units per metre.
        scale_why: how that was found, in words.
        depth_encoding: see `datasets.depth_io.read_depth`.
        invalid_values: file units that mean "none", beside 0 and NaN.
        depth_range: (1 %, 50 %, 99 %) of the depths looked at, metres.
        valid_share: of their pixels, those with a depth.
    """

    format: str = ''
    depth_scale: float = 1000.0
    scale_why: str = ''
    depth_encoding: Encoding = 'plain'
    invalid_values: tuple[float, ...] = ()
    depth_range: tuple[float, float, float] = (0.0, 0.0, 0.0)
    valid_share: float = 1.0

    def truth_lines(self) -> list[str]:
        """Format, unit and range."""
        low, median, high = self.depth_range
        lines = [
            f'depth: {self.format}, {self.depth_scale:g} units per metre '
            f'({self.scale_why}; --depth-scale says otherwise)',
            f'range: {low:.3g} to {high:.3g} m, median {median:.3g} m; '
            f'{self.valid_share:.0%} of the pixels have a depth',
        ]
        if self.invalid_values:
            values = ', '.join(f'{v:.10g}' for v in self.invalid_values)
            lines.append(f'no depth, beside 0 and NaN: {values}')
        return lines


def describe_sizes(sizes: tuple[tuple[tuple[int, int], float], ...]) -> str:
    """'640x480 (width x height)', or the most frequent of several."""
    (height, width), share = sizes[0]
    text = f'{width}x{height} (width x height)'
    if len(sizes) > 1:
        text += f' in {share:.0%} of those looked at, {len(sizes)} sizes'
    return text
