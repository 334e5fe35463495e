"""A trained model as one file that runs without OpenMMLab: ONNX or .pt2."""

from .aoti import export_aoti
from .model import ExportedModel, describe
from .onnx import export_onnx, open_session
from .trace import compare

__all__ = [
    'ExportedModel',
    'compare',
    'describe',
    'export_aoti',
    'export_onnx',
    'open_session',
]
