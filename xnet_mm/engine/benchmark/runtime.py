"""A model in onnxruntime, to be timed beside PyTorch."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn


def onnx_call(
    model: nn.Module, batch: int, size: tuple[int, int]
) -> Callable[[], Any]:
    """Export a model and return a call of it on noise, on this CPU.

    Raises:
        ModuleNotFoundError: onnx or onnxruntime is not installed.
    """
    from ..export import export_onnx, open_session

    with tempfile.TemporaryDirectory() as folder:
        path = export_onnx(model, Path(folder, 'model.onnx'), size)
        session = open_session(path, threads=torch.get_num_threads())
    images = torch.rand(batch, 3, *size).mul(255).numpy()
    return lambda: session.run(None, {'image': images})
