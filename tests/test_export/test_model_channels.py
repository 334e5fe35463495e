"""Models of other than three channels as files, counted, and rewritten."""

import copy
import json

import numpy as np
import pytest
import torch
from channel_files import noise
from PIL import Image
from tiny_export import tiny
from tool_runs import run_tool
from torch.testing import assert_close

from xnet_mm.benchmark.complexity import count_model
from xnet_mm.benchmark.subject import make_batch
from xnet_mm.export import ExportedModel, describe, export_onnx, open_session
from xnet_mm.fast import accelerate, prepare_for_inference


def five(shown=None):
    """A tiny model of five channels; of these the decoder sees `shown`."""

    def convnext(channels):
        return dict(
            type='timm',
            model_name='convnext_tiny',
            dims=(8, 16, 24, 32),
            depths=(1, 1, 1, 1),
            in_chans=channels,
        )

    return tiny(
        data_preprocessor=dict(
            type='xnet_mm.MultiChannelDataPreProcessor',
            mean=[100.0, 120.0, 140.0, 90.0, 80.0],
            std=[50.0, 60.0, 70.0, 40.0, 30.0],
        ),
        backbone=dict(type='xnet_mm.PretrainedEncoder', encoder=convnext(5)),
        neck=dict(
            type='xnet_mm.PretrainedReversedDecoder',
            decoder=convnext(len(shown or range(5))),
            channels=shown,
            mix_init='random',
        ),
    )


@torch.no_grad()
def logits_of(model, image):
    """By MMSegmentation's own steps, of (N,H,W) values."""
    batch = model.data_preprocessor(dict(inputs=[image]))
    return model(batch['inputs'], mode='tensor')


@pytest.mark.parametrize('shown', [None, (2, 1, 0)])
def test_faster_and_prepared_gives_the_same(shown):
    model = five(shown)
    image = torch.from_numpy(noise(5, 'float32', (70, 90)).copy())
    image = image.permute(2, 0, 1) / 10
    wanted = logits_of(model, image)
    for rewrite in (accelerate, prepare_for_inference):
        assert_close(
            logits_of(rewrite(copy.deepcopy(model)), image),
            wanted,
            rtol=1e-3,
            atol=1e-4,
        )
    with torch.no_grad():
        found = ExportedModel(model)(image[None])
    assert found.shape[-2:] == image.shape[-2:]
    size = found.shape[-2:]
    wanted = torch.nn.functional.interpolate(wanted, size, mode='bilinear')
    assert_close(found, wanted, rtol=1e-3, atol=1e-3)


def test_counted():
    """The first layer has 5 instead of 3 channels, and nothing else more."""
    plain = count_model(tiny(), (64, 96))
    more = count_model(five((2, 1, 0)), (64, 96))
    first = 8 * 2 * 4 * 4  # outputs, channels more, patch
    assert more.parameters - plain.parameters == first
    assert more.macs - plain.macs == first * 16 * 24  # at stride 4
    assert make_batch(2, (8, 12), 'cpu', 5).shape == (2, 5, 8, 12)


def test_onnx(tmp_path, monkeypatch):
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    model = five((2, 1, 0))
    image = noise(5, 'float32', (70, 90)).transpose(2, 0, 1)[None] / 10
    image = np.ascontiguousarray(image)
    with torch.no_grad():
        wanted = ExportedModel(copy.deepcopy(model))(torch.from_numpy(image))
    path = tmp_path / 'five.onnx'
    facts = describe(model, [], {})
    export_onnx(model, path, (70, 90), facts, fixed=True)
    session = open_session(path)
    assert session.get_inputs()[0].shape[1] == 5
    found = session.run(None, {'image': image})[0]
    assert_close(torch.from_numpy(found), wanted, rtol=1e-3, atol=1e-3)
    meta = session.get_modelmeta().custom_metadata_map['xnet_mm']
    assert json.loads(meta)['task'] == 'segmentation'
    Image.new('RGB', (96, 64)).save(tmp_path / 'a.png')
    with pytest.raises(
        SystemExit,
        match=r'five\.onnx takes images of 5 channels; this program reads pic',
    ):
        run_tool(
            *(monkeypatch, 'predict_exported.py', path, tmp_path / 'a.png'),
            *('--out-dir', tmp_path / 'out'),
        )
