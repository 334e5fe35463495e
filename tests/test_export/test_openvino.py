"""The same file by OpenVINO."""

import sys

import numpy as np
import pytest
from tiny_export import tiny

from xnet_mm.export import export_onnx, open_openvino, open_run


def test_it_gives_what_onnxruntime_gives(tmp_path):
    pytest.importorskip('openvino')
    path = export_onnx(tiny(), tmp_path / 'a.onnx', (64, 96))
    run = open_openvino(path, threads=1)
    generator = np.random.default_rng(0)
    results = []
    for shape in ((1, 3, 64, 96), (2, 3, 75, 101)):
        image = generator.uniform(0, 255, shape).astype(np.float32)
        wanted = open_run(path)(image)
        results.append((run(image), wanted))
    for found, wanted in results:  # a call does not change the last's result
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_no_such_file(tmp_path):
    pytest.importorskip('openvino')
    path = tmp_path / 'a.onnx'
    path.write_text('no model')
    with pytest.raises(ValueError, match=r'a\.onnx is not an ONNX file, or '):
        open_openvino(path)


def test_without_it_the_command_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    message = r'import of openvino halted.*: install it: pip install openvino'
    with pytest.raises(ModuleNotFoundError, match=message):
        open_openvino(tmp_path / 'a.onnx')
