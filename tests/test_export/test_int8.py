"""Eight bits: what they are, and when a file is not written."""

import numpy as np
import onnx
import pytest
import torch
from mmengine.registry import init_default_scope
from tiny_export import FCN, tiny

from xnet_mm.export import ExportedFile, Judged, export_int8, export_onnx
from xnet_mm.export.int8 import judge, last_nodes, quantize


@pytest.fixture(scope='module')
def model():
    init_default_scope('mmseg')
    return tiny(**FCN)


@pytest.fixture(scope='module')
def source(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp('exported')
    return export_onnx(model, folder / 'a.onnx', (64, 96), dict(task='x'))


def test_the_last_nodes_are_those_behind_which_no_product_comes():
    nodes = [
        onnx.helper.make_node(kind, inputs.split(), outputs.split(), name)
        for name, kind, inputs, outputs in [
            ('first', 'Conv', 'image w', 'a'),
            ('both', 'Split', 'a', 'b c'),
            ('side', 'Relu', 'b', 'd'),
            ('last', 'MatMul', 'c v', 'e'),
            ('sum', 'Add', 'd e', 'f'),
            ('end', 'Sigmoid', 'f', 'prediction'),
        ]
    ]
    graph = onnx.helper.make_graph(nodes, 'g', [], [])
    assert last_nodes(graph) == ['side', 'last', 'sum', 'end']


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(0, 256, (3, *size), generator=generator)
        for size in [(64, 96), (45, 71), (80, 80)]
    ]


def test_weights_of_8_bits_by_channel_at_any_size(source, images, tmp_path):
    target = tmp_path / 'b.onnx'
    plain = ExportedFile(source)
    quantize(source, target, map(plain.prepare, images))
    proto = onnx.load(target)
    assert proto.metadata_props == onnx.load(source).metadata_props
    tensors = {
        t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer
    }
    made = {node.output[0]: node for node in proto.graph.node}
    convolutions = [n for n in proto.graph.node if n.op_type == 'Conv']
    *convolutions, last = convolutions
    assert convolutions and tensors[last.input[1]].dtype == np.float32
    for node in convolutions:
        weight, scale, _ = (
            tensors[name] for name in made[node.input[1]].input
        )
        assert weight.dtype == np.int8
        assert scale.shape == (len(weight),)
        assert np.abs(weight).reshape(len(weight), -1).max(1).min() == 127
        activation = made[node.input[0]]
        assert activation.op_type == 'DequantizeLinear'
        assert tensors[activation.input[2]].dtype == np.uint8
    small = ExportedFile(target)
    for image in images:
        wanted, found = plain(image), small(image)
        error = (found - wanted).abs().max() / wanted.abs().max()
        assert 1e-5 < error < 0.05  # it is not the same, and alike


class Fixed:
    """In the validation's place: figures that were measured elsewhere."""

    count = 7

    def __init__(self, **figures):
        self.figures = figures

    def __call__(self, files, model):
        self.files = files
        return self.figures


def classes(fp32, int8):
    return Fixed(
        fp32=dict(aAcc=9.0, mIoU=fp32), int8=dict(aAcc=9.0, mIoU=int8)
    )


def depth(fp32, int8):
    return Fixed(fp32=dict(abs_rel=fp32), int8=dict(abs_rel=int8))


@pytest.mark.parametrize(
    ('validation', 'most'),
    [
        (classes(60.0, 59.5), 0.5),
        (classes(60.0, 61.0), 0),  # better
        (depth(0.125, 0.1875), 0.0625),
        (depth(0.125, 0.0625), 0),
    ],
)
def test_what_loses_little_is_kept(
    source, model, images, tmp_path, validation, most
):
    path = tmp_path / 'b.onnx'
    judged = export_int8(source, path, images, model, validation, most)
    assert judged.figures is validation.figures
    assert [p.name for p in tmp_path.iterdir()] == ['b.onnx']
    # The two that were judged: that, and the one of float32.
    files = validation.files
    wanted = files['int8'](images[0])
    torch.testing.assert_close(ExportedFile(path)(images[0]), wanted)
    assert not torch.equal(files['fp32'](images[0]), wanted)


@pytest.mark.parametrize(
    ('validation', 'most', 'message'),
    [
        (
            *(classes(60.0, 58.99), 1),
            r'int8 loses 1\.01 points of mIoU \(mIoU 60 -> 58\.99\) of 7 '
            r'validation images, and --int8-loss allows 1\. Give more images',
        ),
        (
            *(depth(0.125, 0.25), 0.1),
            r'int8 loses 0\.125 AbsRel \(abs_rel 0\.125 -> 0\.25\) .* 0\.1\.',
        ),
        (classes(60.0, float('nan')), 100, r'60 -> nan'),
        (
            *(Fixed(fp32=dict(mDice=1.0, aAcc=2.0), int8={}), 1),
            r'gives mDice, aAcc; int8 is judged by one of mIoU, abs_rel, ',
        ),
    ],
)
def test_what_loses_more_leaves_the_old_file(
    source, model, images, tmp_path, validation, most, message
):
    path = tmp_path / 'b.onnx'
    path.write_text('old')
    with pytest.raises(ValueError, match=message):
        export_int8(source, path, images, model, validation, most)
    assert [*tmp_path.iterdir()] == [path] and path.read_text() == 'old'


def test_kittis_percent_are_shares():
    figures = dict(
        fp32=dict(silog=9.0, abs_rel_percent=5.0),
        int8=dict(silog=9.0, abs_rel_percent=5.5),
    )
    judged = judge(figures)
    assert judged == Judged(figures, 'abs_rel_percent')
    assert judged.loss == pytest.approx(0.005)
