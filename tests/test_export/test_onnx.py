"""ONNX files: PyTorch's results, without PyTorch."""

import json
import sys

import numpy as np
import pytest
import torch
from needs import needs_torch
from tiny_export import FCN, logits_of, tiny
from torch import nn

from xnet_mm.export import export_onnx, open_run, open_session
from xnet_mm.export.onnx import OnnxFormat


def test_onnx_gives_pytorchs_logits_at_any_size_and_batch(tmp_path):
    model = tiny()
    images = [
        torch.randint(0, 256, (batch, 3, *size)).float()
        for batch, size in [(1, (64, 96)), (3, (75, 101)), (2, (128, 160))]
    ]
    wanted = [logits_of(model, image) for image in images]
    path = export_onnx(model, tmp_path / 'a.onnx', (64, 96), dict(task='x'))
    session = open_session(path)
    for image, logits in zip(images, wanted, strict=True):
        ours = session.run(None, {'image': image.numpy()})[0]
        assert ours.shape == logits.shape
        error = np.abs(ours - logits.numpy()).max()
        assert error < 1e-4 * logits.abs().max()
    facts = session.get_modelmeta().custom_metadata_map['xnet_mm']
    assert json.loads(facts) == dict(task='x', size=None, size_divisor=1)
    import onnx

    domains = {node.domain for node in onnx.load(path).graph.node}
    assert domains <= {'', 'ai.onnx'}  # no custom operator
    assert [p.name for p in tmp_path.iterdir()] == ['a.onnx']


def test_onnxslim_takes_out_what_does_nothing(tmp_path):
    """Of two nodes that do nothing, and a branch that nobody reads."""
    pytest.importorskip('onnxslim')
    import onnx
    from onnx import TensorProto, helper

    image, prediction = (
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ['batch', 3, 'height', 'width']
        )
        for name in ('image', 'prediction')
    )
    nodes = [
        helper.make_node('Identity', ['image'], ['a']),
        helper.make_node('Identity', ['a'], ['b']),
        helper.make_node('Sigmoid', ['image'], ['unread']),
        helper.make_node('Relu', ['b'], ['prediction']),
    ]
    graph = helper.make_graph(nodes, 'g', [image], [prediction])
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8
    )
    helper.set_model_props(made, dict(xnet_mm='facts'))
    onnx.save(made, tmp_path / 'a.onnx')
    said = OnnxFormat().simplify(tmp_path / 'a.onnx', tmp_path / 'b.onnx')
    assert said.startswith('by onnxslim 4 nodes -> 1, 0.0 MB -> 0.0 MB')
    simpler = onnx.load(tmp_path / 'b.onnx')
    assert [node.op_type for node in simpler.graph.node] == ['Relu']
    assert simpler.metadata_props == made.metadata_props
    values = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 3, 2, 4)
    found = open_run(tmp_path / 'b.onnx')(values)
    np.testing.assert_array_equal(found, np.maximum(values, 0))


def test_without_onnxslim_the_file_stays(tmp_path, monkeypatch):
    monkeypatch.setattr('xnet_mm.export.onnx.find_spec', lambda name: None)
    assert OnnxFormat().simplify(tmp_path / 'a', tmp_path / 'b') == ''
    assert [*tmp_path.iterdir()] == []


def test_a_file_for_one_size_takes_no_other(tmp_path):
    path = export_onnx(tiny(**FCN), tmp_path / 'a.onnx', (64, 96), fixed=True)
    session = open_session(path)
    facts = session.get_modelmeta().custom_metadata_map['xnet_mm']
    assert json.loads(facts) == dict(size=[64, 96])
    with pytest.raises(Exception, match='Expected: 64'):
        session.run(None, {'image': np.zeros((1, 3, 96, 96), np.float32)})


def test_a_model_bound_to_its_batch_is_exported_for_one(tmp_path, monkeypatch):
    """As one that computes its batch by a division of floats."""
    model = tiny(**FCN)
    plain = model.backbone.forward
    model.backbone.forward = lambda x: plain(x[: int(x.shape[0] / 1.0)])
    path = tmp_path / 'model.onnx'
    said = []
    monkeypatch.setattr(
        'xnet_mm.export.trace.print_log', lambda text, **_: said.append(text)
    )
    export_onnx(model, path, (64, 96), fixed=True, batch=2)
    assert any('takes 2 image(s) of 64x96 only' in text for text in said)
    image = 255 * torch.rand(2, 3, 64, 96)
    got = open_session(path).run(None, {'image': image.numpy()})[0]
    wanted = logits_of(model, image)
    assert (torch.from_numpy(got) - wanted).abs().max() < (
        1e-4 * wanted.abs().max()
    )


def test_wrong_results_are_not_kept(tmp_path, monkeypatch):
    class Wrong:
        def run(self, names, inputs):
            return [np.ones((len(inputs['image']), 5, 64, 96), np.float32)]

    monkeypatch.setattr('xnet_mm.export.onnx.open_session', lambda *_: Wrong())
    with pytest.raises(RuntimeError, match=r'differs from PyTorch .* 1e-04'):
        export_onnx(tiny(**FCN), tmp_path / 'a.onnx', (64, 96), fixed=True)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    'name',
    [
        'onnx',
        'onnxruntime',
        pytest.param(
            'onnxscript', marks=needs_torch('2.6', 'not by TorchScript')
        ),
    ],
)
def test_what_is_missing_is_named_before_any_work(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    message = rf'import of {name} halted.*pip install .xnet_mm\[deploy\]'
    with pytest.raises(ModuleNotFoundError, match=message):
        export_onnx(None, tmp_path / 'a.onnx', (64, 96))


def test_weights_beyond_what_a_file_holds(tmp_path, monkeypatch):
    model = nn.Module()  # 2 GiB, in the memory of one number
    model.register_buffer('weight', torch.zeros(1).expand(2**29))
    monkeypatch.setattr(
        'xnet_mm.export.onnx.ExportedModel', lambda wrapped: wrapped
    )
    message = r'2\.00 GiB of weights: .* than 2 GiB\. Export to \.pt2'
    with pytest.raises(ValueError, match=message):
        export_onnx(model, tmp_path / 'a.onnx', (64, 96))
    assert [*tmp_path.iterdir()] == []
