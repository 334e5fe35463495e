"""A model as a program that is compiled for one kind of machine."""

from pathlib import Path
from typing import Any

import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn

from ..compat import need_torch
from .model import ExportedModel
from .trace import Run, write_freest


def export_aoti(
    model: EncoderDecoder,
    path: Path,
    size: tuple[int, int],
    facts: dict | None = None,
    fixed: bool = False,
) -> Path:
    """Write a compiled program (AOTInductor) for this kind of machine.

    It runs by `torch._inductor.aoti_load_package`, with PyTorch alone or
    from C++, and is bound to the device, the processor and the release of
    PyTorch that made it. See `export_onnx` for all else.

    Raises:
        RuntimeError: as `export_onnx`, PyTorch is older than 2.6, or there
            is no C++ compiler.
    """
    need_torch('2.6', 'a .pt2 file (AOTInductor). Export to .onnx.')
    wrapped = ExportedModel(model).eval()
    device = next(wrapped.parameters()).device
    return write_freest(AotiFormat(device), wrapped, path, size, facts, fixed)


class AotiFormat:
    """`trace.Format` of .pt2 files.

    Args:
        device: that the program is compiled for.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def write(
        self,
        path: Path,
        model: nn.Module,
        example: Tensor,
        shapes: dict[int, Any],
        facts: str,
    ) -> None:
        """Trace (B,N,H,W), compile, keep the facts as metadata."""
        program = torch.export.export(
            model, (example.to(self.device),), dynamic_shapes=(shapes,)
        )
        torch._inductor.aoti_compile_and_package(
            program,
            package_path=str(path),
            inductor_configs={'aot_inductor.metadata': {'xnet_mm': facts}},
        )

    def open(self, path: Path) -> Run:
        """By PyTorch: (B,N,H,W) to predictions (B,K,H,W)."""
        loaded = torch._inductor.aoti_load_package(str(path))
        return lambda image: (
            loaded(torch.from_numpy(image).to(self.device)).cpu().numpy()
        )

    def simplify(self, path: Path, simpler: Path) -> str:
        """Nothing: the compiler has done that."""
        return ''
