"""A file as the model itself, of what a test pipeline gives."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from tiny_export import FCN, logits_of, tiny

from xnet_mm.export import ExportedFile, export_onnx


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    init_default_scope('mmseg')
    folder = tmp_path_factory.mktemp('exported')
    return export_onnx(
        tiny(**FCN), folder / 'a.onnx', (64, 96), dict(task='x')
    )


def test_it_predicts_as_the_model_of_blue_green_red(path):
    image = torch.randint(0, 256, (3, 45, 71), dtype=torch.uint8)
    file = ExportedFile(path)
    assert file.facts['task'] == 'x'
    ours = file(image)
    wanted = logits_of(tiny(**FCN), image.flip(0)[None].float())
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('facts', 'size'),
    [
        (dict(size=None, size_divisor=32), (64, 96)),  # of 80 x 81
        (dict(size=[48, 40]), (48, 40)),
    ],
)
def test_where_it_takes_not_all_sizes_images_are_resized(path, facts, size):
    image = torch.rand(3, 80, 81) * 255
    file = ExportedFile(path)
    file.facts = facts
    given = file.prepare(image)
    wanted = F.interpolate(image.flip(0)[None], size, mode='bilinear')
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, wanted, atol=1e-3)
    inside = logits_of(tiny(**FCN), wanted)
    outside = F.interpolate(inside, (80, 81), mode='bilinear')
    torch.testing.assert_close(file(image), outside, rtol=1e-3, atol=1e-3)
