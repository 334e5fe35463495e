"""An exported file as the model itself: of what the test pipeline gives."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..models.channels import RGB
from ..models.resize import resize_to
from .onnx import open_session


class ExportedFile:
    """An .onnx file that `export_onnx` wrote, by onnxruntime on the CPU.

    Args:
        path: of the file.
        threads: of a prediction; 0 for all cores.

    Attributes:
        facts: that the file holds beside the model.

    Raises:
        ValueError: onnxruntime cannot read it.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.session = open_session(path, threads)
        meta = self.session.get_modelmeta().custom_metadata_map
        self.facts = json.loads(meta['xnet_mm'])

    def prepare(self, inputs: Tensor) -> np.ndarray:
        """What the file takes, (1,N,h,w) float32.

        Args:
            inputs: (N,H,W) of a test pipeline: of three channels blue is the
                first, as OpenCV has it.
        """
        image = inputs.flip(0) if len(inputs) == RGB else inputs
        size = self._size(*image.shape[-2:])
        return resize_to(image[None].float(), size, False).numpy()

    def __call__(self, inputs: Tensor) -> Tensor:
        """(N,H,W), see `prepare`, to logits (1,K,H,W) or metres (1,1,H,W)."""
        image = dict(image=self.prepare(inputs))
        output = torch.from_numpy(self.session.run(None, image)[0])
        return resize_to(output, inputs.shape[-2:], False)

    def _size(self, height: int, width: int) -> torch.Size:
        """As tools/predict_exported.py has it."""
        if self.facts['size']:
            return torch.Size(self.facts['size'])
        step = self.facts['size_divisor']
        sides = [max(round(n / step), 1) * step for n in (height, width)]
        return torch.Size(sides)
