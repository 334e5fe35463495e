"""A model as an ONNX file, for onnxruntime and its relatives."""

import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn

from ..compat import TORCH
from .model import ExportedModel
from .trace import Run, write_freest

HELP = "install what it needs: pip install 'xnet_mm[deploy]'"


def export_onnx(
    model: EncoderDecoder,
    path: Path,
    size: tuple[int, int],
    facts: dict | None = None,
    fixed: bool = False,
    batch: int = 1,
) -> Path:
    """Write an ONNX file of standard operators and compare its results.

    The batch is free. So is the size, unless `fixed`, or unless the model
    cannot (Swin, ViT: windows and positions are made for one size), which
    is found out by trying and said in the log; a model that cannot have a
    free batch either (MMSegmentation's Swin) takes `batch` images. Encoders
    with TensorFlow's 'same' padding (EfficientNet-Lite) take multiples of 32:
    there the padding does not depend on the size.

    Args:
        model: a segmentor with its final weights.
        path: nothing is written there unless the comparison was passed.
        size: (height, width) in pixels to export and to compare at.
        facts: kept in the file's metadata, as JSON under 'xnet_mm'.
        fixed: for this size alone.
        batch: images at once, where the model is bound to a number.

    Raises:
        ModuleNotFoundError: onnx, onnxscript or onnxruntime is missing.
        RuntimeError: the results differ by more than 1e-4 of the largest.
        ValueError: the weights are too many for a file, or see
            `ExportedModel`.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401

        if TORCH >= (2, 6):
            import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f'{error}: {HELP}') from error
    wrapped = ExportedModel(model).cpu().eval()
    weight = sum(t.nbytes for t in wrapped.state_dict().values())
    if weight > 0.99 * 2**31:
        raise ValueError(
            f'{weight / 2**30:.2f} GiB of weights: an ONNX file holds less '
            'than 2 GiB. Export to .pt2.'
        )
    return write_freest(OnnxFormat(), wrapped, path, size, facts, fixed, batch)


def open_session(path: Path, threads: int = 0) -> Any:
    """An onnxruntime session of a file, on the CPU.

    Args:
        path: of the .onnx file.
        threads: of a prediction; 0 for all cores.

    Raises:
        ValueError: onnxruntime cannot read it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider']
        )
    except Exception as error:  # onnxruntime has a dozen of its own
        raise ValueError(
            f'{path} is not an ONNX file, or one that this onnxruntime '
            f'({onnxruntime.__version__}) cannot read: {error}'
        ) from error


def open_run(path: Path, threads: int = 0) -> Run:
    """The program of a file: (B,N,H,W) to predictions, see `open_session`."""
    session = open_session(path, threads)
    return lambda image: session.run(None, {'image': image})[0]


class OnnxFormat:
    """`trace.Format` of .onnx files."""

    def write(
        self,
        path: Path,
        model: nn.Module,
        example: Tensor,
        shapes: dict[int, Any],
        facts: str,
    ) -> None:
        """Trace (B,N,H,W), translate, keep the facts as metadata."""
        import onnx

        names: dict = dict(
            input_names=['image'], output_names=['prediction'], verbose=False
        )
        if TORCH < (2, 6):  # by TorchScript
            axes = {axis: f'axis_{axis}' for axis in shapes}
            names['dynamic_axes'] = dict(image=axes, prediction=axes)
            torch.onnx.export(model, (example,), str(path), **names)
            proto = onnx.load(path)
        else:
            program = torch.onnx.export(
                model,
                (example,),
                dynamo=True,
                dynamic_shapes=(shapes,),
                **names,
            )
            # None is what it gives without dynamo.
            proto = cast('torch.onnx.ONNXProgram', program).model_proto
        entry = proto.metadata_props.add()
        entry.key, entry.value = 'xnet_mm', facts
        onnx.save(proto, path)

    def open(self, path: Path) -> Run:
        """By onnxruntime: (B,N,H,W) to predictions (B,K,H,W)."""
        return open_run(path)

    def simplify(self, path: Path, simpler: Path) -> str:
        """By onnxslim, where it is installed."""
        if not find_spec('onnxslim'):
            return ''
        import onnx
        import onnxslim

        before = onnx.load(path)
        after = onnxslim.slim(copy.deepcopy(before))
        onnx.save(after, simpler)
        nodes = [len(proto.graph.node) for proto in (before, after)]
        sizes = [file.stat().st_size / 1e6 for file in (path, simpler)]
        return (
            f'by onnxslim {nodes[0]} nodes -> {nodes[1]}, '
            f'{sizes[0]:.1f} MB -> {sizes[1]:.1f} MB'
        )
