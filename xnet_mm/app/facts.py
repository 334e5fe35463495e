"""What the page has to know of a model."""

from pathlib import Path
from typing import Any

from ..prediction.model import Model
from ..visualization.depth_colours import DEPTH_MAP, colour_table
from ..visualization.panels import colours_as_bytes
from .camera import NARROWEST, WIDEST

CONFIDENCE_MAP = 'magma'


def describe_model(
    model: Model, examples: list[Path], largest: int
) -> dict[str, Any]:
    """Its name, classes and colours, as JSON takes them.

    Args:
        model: see `xnet_mm.load`.
        examples: pictures that are offered.
        largest: bytes of an upload.
    """
    source = Path(model.source)
    palette = model.predictor.meta.get('palette')
    classes = []
    if model.classes and palette:
        colours = colours_as_bytes(palette).tolist()
        classes = [
            dict(name=name, colour=colour)
            for name, colour in zip(model.classes, colours, strict=False)
        ]
    return dict(
        name=source.resolve().parent.name,
        weights=source.name,
        classes=classes,
        max_depth=model.max_depth,
        device=str(next(model.predictor.model.parameters()).device),
        tile=model.tile,
        examples=[path.name for path in examples],
        largest=largest,
        angles=[NARROWEST, WIDEST],
        colours=dict(
            depth=colour_table(DEPTH_MAP).tolist(),
            confidence=colour_table(CONFIDENCE_MAP).tolist(),
        ),
    )
