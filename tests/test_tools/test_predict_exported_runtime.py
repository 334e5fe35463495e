"""tools/predict_exported.py by OpenVINO, and with files of 8 bits."""

import runpy
import sys
from functools import partial

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from PIL import Image
from tiny_export import FCN, logits_of, tiny
from tool_runs import TOOLS, run_tool
from torch import nn

from xnet_mm.export import ExportedFile, describe, export_onnx
from xnet_mm.export.int8 import quantize


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """The same model in float32 and in 8 bits."""
    init_default_scope('mmseg')
    folder = tmp_path_factory.mktemp('exported')
    model = tiny(**FCN)
    images = torch.randint(0, 256, (4, 3, 64, 96), dtype=torch.uint8)
    probe = model.decode_head.conv_seg
    nn.init.normal_(probe.weight)  # so that all classes occur
    probe.bias.data -= logits_of(model, images.float()).mean((0, 2, 3))
    plain = export_onnx(
        model, folder / 'fp32.onnx', (64, 96), describe(model, [], {})
    )
    small = folder / 'int8.onnx'
    quantize(plain, small, map(ExportedFile(plain).prepare, images))
    return dict(fp32=plain, int8=small)


@pytest.fixture
def tool():
    return runpy.run_path(str(TOOLS / 'predict_exported.py'))


@pytest.mark.parametrize(('name', 'least'), [('fp32', 0.9999), ('int8', 0.97)])
@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_each_runtime_gives_the_logits(tool, files, name, least, runtime):
    pytest.importorskip(runtime)
    generator = np.random.default_rng(0)
    model = tool['Model'](files[name], 1, runtime)
    for size in ((64, 96), (45, 71)):
        image = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
        inputs = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
        wanted = ExportedFile(files['fp32'])(inputs)[0].numpy()
        found = model(image)
        assert found.shape == wanted.shape
        error = np.abs(found - wanted).max() / np.abs(wanted).max()
        assert (error < 1e-4) == (name == 'fp32')
        likeness = np.corrcoef(found.ravel(), wanted.ravel())[0, 1]
        assert likeness > least
    assert model.facts['classes'] == [*'01234']


def test_labels_by_openvino(files, tmp_path, monkeypatch):
    pytest.importorskip('openvino')
    image = np.random.default_rng(1).integers(0, 256, (64, 96, 3))
    Image.fromarray(image.astype(np.uint8)).save(tmp_path / 'a.png')
    run = partial(run_tool, monkeypatch, 'predict_exported.py')
    maps = []
    for runtime in ('onnxruntime', 'openvino'):
        out = tmp_path / runtime
        with pytest.raises(SystemExit) as stop:
            run(
                *(files['fp32'], tmp_path / 'a.png', '--out-dir', out),
                *('--runtime', runtime, '--threads', 1),
            )
        assert not stop.value.code
        maps.append(np.asarray(Image.open(out / 'labels/a.png')))
    assert len(np.unique(maps[0])) > 1
    assert (maps[0] == maps[1]).mean() > 0.999  # near ties


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_a_runtime_that_is_missing_is_named(tool, files, monkeypatch, runtime):
    monkeypatch.setitem(sys.modules, runtime, None)
    message = (
        rf'import of {runtime} halted.*: pip install {runtime}, or give '
        r'another --runtime \(onnxruntime, openvino\)'
    )
    with pytest.raises(SystemExit, match=message):
        tool['Model'](files['fp32'], 1, runtime)


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_what_is_no_model_is_refused(tool, tmp_path, runtime):
    pytest.importorskip(runtime)
    path = tmp_path / 'a.onnx'
    path.write_text('no model')
    message = rf'a\.onnx is not an ONNX file, or one that this {runtime} \('
    with pytest.raises(SystemExit, match=message):
        tool['Model'](path, 1, runtime)
