"""tools/predict_exported.py with files that are not, or not quite, its own."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from parsers import load

from xnet_mm.export.onnx import open_session

CLASSES = dict(
    task='segmentation',
    threshold=None,
    classes=['a', 'b'],
    palette=[[0, 0, 0], [255, 9, 9]],
    size=None,
    size_divisor=1,
)
DEPTH = dict(
    task='depth',
    max_depth=10.0,
    colours=[[0, 0, 0], [9, 9, 9]],
    size=[4, 6],
    scale=[6, 4],
    keep_ratio=False,
)


def write(path, facts, channels=2, name='image', opset=17):
    """A file that gives its first channels back."""
    shapes = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, c, 4, 6])
        for n, c in ((name, 3), ('prediction', channels))
    ]
    ends = [
        helper.make_tensor(n, TensorProto.INT64, [1], [value])
        for n, value in (('from', 0), ('to', channels), ('axis', 1))
    ]
    node = helper.make_node(
        'Slice', [name, 'from', 'to', 'axis'], ['prediction']
    )
    graph = helper.make_graph([node], 'g', shapes[:1], shapes[1:], ends)
    opsets = [helper.make_opsetid('', opset)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    if facts is not None:
        text = facts if isinstance(facts, str) else json.dumps(facts)
        helper.set_model_props(made, {'xnet_mm': text})
    save(made, path)
    return path


def open_file(path):
    return load('predict_exported.py')['Model'](path)


def test_what_is_whole_opens(tmp_path):
    model = open_file(write(tmp_path / 'a.onnx', CLASSES))
    assert model.facts == CLASSES
    model = open_file(write(tmp_path / 'b.onnx', DEPTH, 1))
    assert model.facts['max_depth'] == 10


@pytest.mark.parametrize(
    ('facts', 'reason'),
    [
        ('{"task": ', 'JSONDecodeError'),
        ('', 'JSONDecodeError'),
        ('3', 'TypeError'),
        ('[]', 'TypeError'),
        ('{}', "KeyError: 'size'"),
        (dict(CLASSES, task='pose'), "task is 'pose'"),
        (dict(CLASSES, size_divisor=0), r'sizes of \[0\]'),
        (dict(CLASSES, size=[4.5, 6]), r'sizes of \[4\.5, 6\]'),
        (dict(CLASSES, size=[4, -6]), r'sizes of \[4, -6\]'),
        (dict(CLASSES, palette='red'), 'ValueError'),
        (dict(CLASSES, palette=[[300, 0, 0]] * 2), 'colours from 0 to 300'),
        (dict(CLASSES, palette=[[9, 9, -1]] * 2), 'colours from -1 to 9'),
        (dict(CLASSES, palette=[[0, 0, 0]]), r'\(1, 3\) colours for 2 cha'),
        (dict(CLASSES, palette=[[1, 2]] * 2), r'\(2, 2\) colours for 2 cha'),
        (dict(DEPTH, max_depth=float('nan')), 'max_depth is nan'),
        (dict(DEPTH, max_depth=None), 'TypeError'),
        (dict(DEPTH, max_depth=0), 'max_depth is 0'),
        (dict(DEPTH, scale=7), 'TypeError'),
        (dict(DEPTH, keep_ratio='no'), "keep_ratio is 'no'"),
        ({k: v for k, v in DEPTH.items() if k != 'colours'}, "'colours'"),
    ],
)
def test_damaged_facts(tmp_path, facts, reason):
    path = write(tmp_path / 'a.onnx', facts)
    message = rf'a\.onnx: what .* is damaged \(.*{reason}.*\)\. Export it ag'
    with pytest.raises(SystemExit, match=message):
        open_file(path)


def test_one_logit_needs_its_threshold(tmp_path):
    with pytest.raises(SystemExit, match='is damaged'):
        open_file(write(tmp_path / 'a.onnx', CLASSES, channels=1))
    open_file(write(tmp_path / 'a.onnx', dict(CLASSES, threshold=0.3), 1))


def test_files_of_others(tmp_path):
    path = write(tmp_path / 'a.onnx', None)
    with pytest.raises(SystemExit, match=r'not written by tools/export\.py'):
        open_file(path)
    path = write(tmp_path / 'a.onnx', CLASSES, name='x')
    with pytest.raises(SystemExit, match='the input is not called image'):
        open_file(path)


@pytest.mark.parametrize('damage', ['empty', 'text', 'cut', 'opset'])
def test_no_onnx_at_all(tmp_path, damage):
    path = tmp_path / 'a.onnx'
    if damage == 'opset':
        write(path, CLASSES, opset=999)
    else:
        whole = write(path, CLASSES).read_bytes()
        path.write_bytes(
            dict(empty=b'', text=b'hello\n' * 9, cut=whole[:-40])[damage]
        )
    with pytest.raises(SystemExit, match=r'a\.onnx '):
        open_file(path)
    if damage != 'cut':
        with pytest.raises(ValueError, match=r'a\.onnx is not an ONNX file'):
            open_session(path)


def test_the_model_still_predicts(tmp_path):
    facts = dict(CLASSES, palette=[[0, 0, 0]] * 3)
    model = open_file(write(tmp_path / 'a.onnx', facts, channels=3))
    image = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    np.testing.assert_allclose(model(image), image.transpose(2, 0, 1))
