"""Mask2Former's head: mmdet's, with mmcv's operators compiled or not."""

import copy
import logging
import pickle
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest
import torch
from launches import launch
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from mmseg.models.decode_heads import Mask2FormerHead
from mmseg.registry import MODELS

from xnet_mm.models import CheckedMask2FormerHead, mask2former_head
from xnet_mm.models.mask2former_head import require_mask2former
from xnet_mm.models.plain_operators import EXTENSION, are_compiled


@pytest.fixture
def head():
    """Small, for two classes."""
    pytest.importorskip('mmdet')
    attention = dict(embed_dims=8, num_heads=2, batch_first=True)
    deformable = dict(attention, num_levels=2, num_points=2)
    ffn = dict(embed_dims=8, feedforward_channels=8)
    encoding = dict(num_feats=4, normalize=True)
    options = dict(
        in_channels=[4, 4, 4],
        strides=[4, 8, 16],
        feat_channels=8,
        out_channels=8,
        num_classes=2,
        num_queries=3,
        num_transformer_feat_level=2,
        positional_encoding=encoding,
        pixel_decoder=dict(
            type='mmdet.MSDeformAttnPixelDecoder',
            num_outs=2,
            norm_cfg=dict(type='GN', num_groups=2),
            act_cfg=dict(type='ReLU'),
            encoder=dict(
                num_layers=1,
                layer_cfg=dict(self_attn_cfg=deformable, ffn_cfg=ffn),
            ),
            positional_encoding=encoding,
        ),
        transformer_decoder=dict(
            return_intermediate=True,
            num_layers=2,
            layer_cfg=dict(
                self_attn_cfg=attention,
                cross_attn_cfg=attention,
                ffn_cfg=ffn,
            ),
        ),
        loss_cls=dict(
            type='mmdet.CrossEntropyLoss', class_weight=[1.0, 1.0, 0.1]
        ),
        loss_mask=dict(type='mmdet.CrossEntropyLoss', use_sigmoid=True),
        loss_dice=dict(type='mmdet.DiceLoss'),
    )
    torch.manual_seed(0)
    kind = 'xnet_mm.CheckedMask2FormerHead'
    return MODELS.build(ConfigDict(options, type=kind)).eval()


def fail_at(module, error, monkeypatch):
    """Let the import of one module end in an error."""

    def fail(name):
        if name == module:
            raise error
        return import_module(name)

    monkeypatch.setattr(mask2former_head, 'import_module', fail)


def test_mmdet_that_is_missing(monkeypatch):
    missing = ModuleNotFoundError("No module named 'mmdet'")
    fail_at('mmdet.models.dense_heads', missing, monkeypatch)
    kind = dict(type='xnet_mm.CheckedMask2FormerHead')
    for call in (require_mask2former, lambda: MODELS.build(kind)):
        with pytest.raises(ImportError) as error:
            call()
        text = str(error.value)
        assert 'Mask2Former needs MMDetection (mmdet.models.dense_h' in text
        assert "heads: No module named 'mmdet')" in text
        assert "pip install --no-deps 'onedl-mmdetection>=3.5.1'\n" in text
        assert "pip install 'mmdet>=3.3,<3.4'" in text
        assert 'MMCV_WITH_OPS' not in text


@pytest.mark.parametrize(
    'error',
    [
        ImportError('_ext.so: undefined symbol: _ZN3c10'),
        AssertionError('nms miss in module _ext'),
    ],
)
def test_operators_that_do_not_fit_torch(error, monkeypatch):
    fail_at('mmcv.ops', error, monkeypatch)
    with pytest.raises(ImportError) as raised:
        require_mask2former()
    text = str(raised.value)
    assert f'needs mmcv.ops, which does not import ({error}). Op' in text
    assert 'compile them anew' in text and 'MMCV_WITH_OPS=1 pip' in text
    assert raised.value.__cause__ is error


def test_the_head_is_mmsegs_and_mmdets(head):
    theirs = sys.modules['mmdet.models.dense_heads'].Mask2FormerHead
    assert isinstance(head, CheckedMask2FormerHead)
    assert isinstance(head, Mask2FormerHead) and isinstance(head, theirs)
    assert 'Checked' not in ' '.join(head.state_dict())
    assert EXTENSION not in sys.modules or find_spec(EXTENSION)
    require_mask2former()  # again: nothing happens
    assert issubclass(Mask2FormerHead, theirs)


def test_without_samples_as_other_heads(head):
    maps = [torch.rand(2, 4, 16 >> i, 24 >> i) for i in range(3)]
    with torch.no_grad():
        classes, masks = head(maps)
        again, _ = head(maps, [object(), object()])
    assert [tuple(c.shape) for c in classes] == [(2, 3, 3)] * 3
    assert [tuple(m.shape) for m in masks] == [(2, 3, 16, 24)] * 3
    assert all(map(torch.equal, classes, again))
    for twin in (copy.deepcopy(head), pickle.loads(pickle.dumps(head))):
        with torch.no_grad():
            assert torch.equal(twin(maps)[1][-1], masks[-1])


@pytest.mark.skipif(are_compiled(), reason='the operators are compiled')
def test_the_log_says_once_that_it_is_slower(head, monkeypatch):
    logger, lines = MMLogger.get_instance('slower'), []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger.addHandler(handler)
    mask2former_head._say_slower.cache_clear()
    require_mask2former()
    require_mask2former()
    assert lines == [mask2former_head.SLOWER]
    assert 'without mmcv' in lines[0] and 'but slower' in lines[0]


IMPORTS = """
import importlib, sys
{first}
from xnet_mm.models import CheckedMask2FormerHead
from xnet_mm.models.mask2former_head import require_mask2former
require_mask2former()
from mmdet.models import layers
from mmdet.models.layers.transformer import deformable_detr_layers as used
from mmdet.registry import MODELS
import mmcv.ops
kind = mmcv.ops.MultiScaleDeformableAttention
assert used.MultiScaleDeformableAttention is kind
found = MODELS.get('MSDeformAttnPixelDecoder')
assert found is layers.MSDeformAttnPixelDecoder
assert 'register_module' not in vars(MODELS)
print('done')
"""


@pytest.mark.heavy
@pytest.mark.parametrize(
    'first',
    [
        'try: import mmdet.models\nexcept ImportError: pass',
        'from mmdet.structures import DetDataSample',
        '',
    ],
    ids=['in vain', 'a part', 'nothing'],
)
def test_whatever_was_imported_before(first, tmp_path):
    pytest.importorskip('mmdet')
    script = tmp_path / 'script.py'
    script.write_text(IMPORTS.format(first=first))
    result = launch(sys.executable, script, cwd=tmp_path)
    assert result.stdout.endswith('done\n'), result.stderr[-2000:]
