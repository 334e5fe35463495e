"""tools/predict_exported.py and a model that gives no numbers."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from PIL import Image
from tool_runs import run_tool

FACTS = dict(size=None, size_divisor=1, palette=[[0, 0, 0]] * 3, threshold=0.5)
DEPTH = dict(FACTS, task='depth', max_depth=10.0, colours=[[0, 0, 0]] * 9)
TASKS = dict(classes=dict(FACTS, task='segmentation'), depth=DEPTH)


def write_model(path, operator, facts):
    """An exported file of one operator: (1,3,H,W) -> (1,3,H,W)."""
    shape = [1, 3, 'height', 'width']
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name in ('image', 'prediction')
    ]
    node = helper.make_node(operator, ['image'], ['prediction'])
    graph = helper.make_graph([node], 'g', values[:1], values[1:])
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8
    )
    entry = made.metadata_props.add()
    entry.key, entry.value = 'xnet_mm', json.dumps(facts)
    save(made, path)


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize(
    ('operator', 'pixel'),
    [('Reciprocal', 0), ('Log', 0), ('Exp', 255)],
)
def test_stops_with_the_name(tmp_path, monkeypatch, task, operator, pixel):
    write_model(tmp_path / 'a.onnx', operator, TASKS[task])
    image = np.full((5, 6, 3), 7, np.uint8)
    Image.fromarray(image).save(tmp_path / 'good.png')
    image[2, 3, 1] = pixel
    Image.fromarray(image).save(tmp_path / 'bad.png')
    out = tmp_path / 'out'
    with pytest.raises(
        SystemExit, match=r'bad\.png: 1 of 90 predicted values are NaN or inf'
    ):
        run_tool(
            monkeypatch,
            'predict_exported.py',
            *(tmp_path / 'a.onnx', tmp_path / 'good.png'),
            *(tmp_path / 'bad.png', '--out-dir', out),
        )
    written = {path.name for path in out.rglob('*.png')}
    assert written == {'good.png'}
