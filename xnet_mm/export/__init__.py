"""A trained model as one file that runs without OpenMMLab: ONNX or .pt2."""

from .aoti import export_aoti
from .exported import ExportedFile
from .int8 import Judged, export_int8
from .model import ExportedModel, describe
from .onnx import export_onnx, open_run, open_session
from .openvino import open_openvino
from .trace import compare
from .validation import Validation

__all__ = [
    'ExportedFile',
    'ExportedModel',
    'Judged',
    'Validation',
    'compare',
    'describe',
    'export_aoti',
    'export_int8',
    'export_onnx',
    'open_openvino',
    'open_run',
    'open_session',
]
