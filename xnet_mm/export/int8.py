"""An exported file in 8 bits, kept only where it loses little."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor

from .exported import ExportedFile
from .validation import Figures, Validation

PRODUCTS = {'Conv', 'ConvTranspose', 'Gemm', 'MatMul'}


class Scale(NamedTuple):
    """How a metric counts."""

    unit: str
    factor: float  # times fp32 - int8 is the loss, in the unit


# The first that the evaluator gives counts.
METRICS = {
    'mIoU': Scale('points of mIoU', 1),
    'abs_rel': Scale('AbsRel', -1),
    'abs_rel_percent': Scale('AbsRel', -0.01),
}


class Judged(NamedTuple):
    """What 8 bits change.

    Attributes:
        figures: 'fp32' and 'int8' -> metric -> value.
        metric: that counts, one of `METRICS`.
    """

    figures: dict[str, Figures]
    metric: str

    @property
    def loss(self) -> float:
        """Above 0 where int8 is worse, in the unit of the metric."""
        plain, small = (self.figures[k][self.metric] for k in ('fp32', 'int8'))
        return (plain - small) * METRICS[self.metric].factor

    @property
    def said(self) -> str:
        """Such as 'int8 loses 0.3 points of mIoU (58.3 -> 58)'."""
        plain, small = (self.figures[k][self.metric] for k in ('fp32', 'int8'))
        return (
            f'int8 loses {self.loss:.3g} {METRICS[self.metric].unit} '
            f'({self.metric} {plain:.4g} -> {small:.4g})'
        )


def export_int8(
    source: Path,
    path: Path,
    inputs: Iterable[Tensor],
    model: EncoderDecoder,
    validation: Validation,
    most: float,
) -> Judged:
    """Quantize a file that `export_onnx` wrote, and judge it.

    Static, QDQ, by onnxruntime: weights of 8 bits by output channel, and
    activations of 8 bits between all operators that it knows, whose ranges
    are those that occur in `inputs`. The last product and what comes behind
    it stay float32: a depth map of 10 m in 256 steps has terraces.

    Args:
        source: that file.
        path: of the new one; nothing is written there if it loses too much.
        inputs: images of the test pipeline, (N,H,W) each, to measure the
            ranges by.
        model: that the file is of.
        validation: by whose figures it is judged.
        most: that it may lose, points of mIoU or AbsRel.

    Raises:
        ValueError: it loses more, or neither metric is measured.
    """
    plain = ExportedFile(source)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        target = Path(folder, path.name)
        quantize(source, target, map(plain.prepare, inputs))
        files = dict(fp32=plain, int8=ExportedFile(target))
        judged = judge(validation(files, model))
        if not judged.loss <= most:  # or NaN
            raise ValueError(
                f'{judged.said} of {validation.count} validation images, and '
                f'--int8-loss allows {most:g}. Give more images to --int8, '
                'of the kind that the model is for; allow more; or export '
                'without --int8'
            )
        target.replace(path)
    return judged


def judge(figures: dict[str, Figures]) -> Judged:
    """By the first metric of `METRICS` that is there.

    Raises:
        ValueError: none is.
    """
    given = figures['fp32']
    metric = next((name for name in METRICS if name in given), None)
    if metric is None:
        raise ValueError(
            f'The evaluator of the config gives '
            f'{", ".join(given) or "no figures"}; int8 is judged by one of '
            f'{", ".join(METRICS)}. Add it to val_evaluator'
        )
    return Judged(figures, metric)


def quantize(source: Path, target: Path, images: Iterable[np.ndarray]) -> None:
    """Write a file of float32 in 8 bits.

    Args:
        source: that `export_onnx` wrote.
        target: of the new file; what the source holds beside the model is in
            it too.
        images: that the source takes, (1,N,H,W), to measure the ranges by.
    """
    import onnx
    from onnxruntime.quantization import (
        QuantFormat,
        QuantType,
        quantize_static,
    )

    model = onnx.load(source)
    kept = [*model.metadata_props]
    # It is folded and has shapes; without this mark a warning asks for them.
    mark = model.metadata_props.add()
    mark.key, mark.value = 'onnx.quant.pre_process', 'onnxruntime.quant'
    quantize_static(
        model,
        target,
        _Reader(iter(images)),
        quant_format=QuantFormat.QDQ,
        nodes_to_exclude=last_nodes(model.graph),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    quantized = onnx.load(target)
    del quantized.metadata_props[:]
    quantized.metadata_props.extend(kept)
    onnx.save(quantized, target)


def last_nodes(graph: Any) -> list[str]:
    """Names of the nodes behind which no product comes.

    Args:
        graph: an ONNX graph, in the order that it is computed in.
    """
    users: dict[str, list] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    last: dict[str, bool] = {}
    for node in reversed(graph.node):
        behind = [u for name in node.output for u in users.get(name, ())]
        last[node.name] = all(
            u.op_type not in PRODUCTS and last[u.name] for u in behind
        )
    return [node.name for node in graph.node if last[node.name]]


class _Reader:
    """onnxruntime's CalibrationDataReader, which is known by its method."""

    def __init__(self, images: Iterator[np.ndarray]) -> None:
        self.images = images

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self.images, None)
        return None if image is None else dict(image=image)
