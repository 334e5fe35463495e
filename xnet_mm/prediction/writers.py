"""The writer of what a model predicts: of classes, of depth, or of both."""

from pathlib import Path
from typing import Any, NamedTuple

from mmengine.structures import BaseDataElement

from .depth import DepthWriter
from .files import LabelWriter, Origin, PredictionWriter, SeveralWriters

# Folders that get outputs, below that of all.
FOLDERS = ('labels', 'overlays', 'depth', 'pictures', 'npy', 'clouds')


class Facts(NamedTuple):
    """What all results of a model have in common.

    Attributes:
        meta: `dataset_meta` of its checkpoint: classes, palette, ...
        checkpoint: where it came from, for errors.
        max_depth: of its depth, metres; None without.
        gives_logits: whether the scores of the classes are logits.
    """

    meta: dict
    checkpoint: str
    max_depth: float | None
    gives_logits: bool


def writer_for(
    out_dir: Path,
    sample: BaseDataElement,
    origin: Origin,
    max_depth: float | None,
    opacity: float = 0.5,
    **depth_options: Any,
) -> PredictionWriter:
    """A writer for samples like this one.

    Args:
        out_dir: Folder of all outputs.
        sample: Of the model.
        origin: Knows the classes and their colours.
        max_depth: Of the model, metres, or None.
        opacity: See `LabelWriter`.
        **depth_options: See `DepthWriter`.

    Raises:
        ValueError: neither classes nor depth, or classes without names.
    """
    writers: list[PredictionWriter] = []
    if 'pred_sem_seg' in sample:
        writers.append(LabelWriter(out_dir, origin, opacity))
    if 'pred_depth_map' in sample:
        writers.append(DepthWriter(out_dir, max_depth, **depth_options))
    if not writers:
        raise ValueError(
            f'{origin.checkpoint} predicts neither classes nor depth, but '
            f'{sorted(sample.keys())}.'
        )
    return writers[0] if len(writers) == 1 else SeveralWriters(writers)
