"""What goes into a file: the whole prediction, and the facts about it."""

import numpy as np
import pytest
import torch
from mmcv.transforms import RandomFlip, Resize
from mmseg.datasets.transforms import PackSegInputs
from tiny_export import logits_of, tiny
from torch import nn

from xnet_mm.datasets.transforms import (
    DepthRandomResize,
    DepthResize,
    PackDepthInputs,
)
from xnet_mm.export import ExportedModel, describe
from xnet_mm.visualization.depth_colours import DEPTH_MAP, colour_table

PREPROCESSOR = dict(mean=[100.0, 110.0, 120.0], std=[50.0, 60.0, 70.0])


def tiny_depth(**test_cfg):
    return tiny(
        type='xnet_mm.MonoDepthEstimator',
        data_preprocessor=dict(
            type='xnet_mm.DepthDataPreProcessor',
            bgr_to_rgb=True,
            **PREPROCESSOR,
        ),
        decode_head=dict(type='xnet_mm.PFPDepthHead', max_depth=7.0),
        test_cfg=dict(mode='whole', **test_cfg),
    )


@pytest.fixture
def said(monkeypatch):
    """What the log says."""
    texts = []
    monkeypatch.setattr(
        'xnet_mm.export.model.print_log', lambda text, **_: texts.append(text)
    )
    return texts


@pytest.mark.parametrize('rgb', [False, True])
def test_logits_are_those_of_mmsegs_own_steps(rgb):
    """RGB comes in, whatever order the model was trained on."""
    preprocessor = dict(
        type='SegDataPreProcessor', bgr_to_rgb=rgb, **PREPROCESSOR
    )
    model = tiny(data_preprocessor=preprocessor)
    image = torch.randint(0, 256, (2, 3, 45, 70)).float()
    wanted = logits_of(model, image)
    with torch.no_grad():
        ours = ExportedModel(model)(image)
    assert ours.shape == (2, 5, 45, 70)
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)


def test_metres_are_those_of_the_estimator():
    model = tiny_depth()
    image = torch.randint(0, 256, (1, 3, 45, 70)).float()
    mean, std = (
        torch.tensor(PREPROCESSOR[key]).view(3, 1, 1) for key in PREPROCESSOR
    )
    with torch.no_grad():
        wanted = model.encode_decode((image - mean) / std)
        ours = ExportedModel(model)(image)
    assert ours.shape == (1, 1, 45, 70)
    assert ours.min() > 0 and ours.max() <= 7
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)


def test_what_cannot_be_exported_is_said():
    padded = tiny(
        data_preprocessor=dict(
            type='SegDataPreProcessor', test_cfg=dict(size_divisor=32)
        )
    )
    with pytest.raises(ValueError, match=r'size_divisor.*does not pad'):
        ExportedModel(padded)
    model = tiny()
    model.decode_head = nn.Identity()
    with pytest.raises(ValueError, match='Identity gives more than logits'):
        ExportedModel(model)


def test_facts_of_classes():
    meta = dict(classes=('a', 'b', 'c', 'd', 'e'), palette=[[1, 2, 3]] * 5)
    steps = [Resize(scale=(40, 30), keep_ratio=True), PackSegInputs()]
    assert describe(tiny(), steps, meta) == dict(
        task='segmentation',
        threshold=None,
        classes=['a', 'b', 'c', 'd', 'e'],
        palette=[[1, 2, 3]] * 5,
        ids=[0, 1, 2, 3, 4],
        scale=[40, 30],
        keep_ratio=True,
    )


@pytest.mark.parametrize(
    ('meta', 'ids'),
    [
        (dict(reduce_zero_label=True), [1, 2, 3, 4, 5]),
        (dict(label_map={0: 255, 1: 4, 2: 0, 7: 1, 8: 2, 9: 3}), None),
    ],
)
def test_facts_hold_the_ids_of_the_label_maps(meta, ids):
    meta = dict(classes=('a', 'b', 'c', 'd', 'e'), **meta)
    assert describe(tiny(), [], meta)['ids'] == (ids or [2, 7, 8, 9, 1])


def test_too_few_names_are_refused():
    meta = dict(classes=('a', 'b'))
    with pytest.raises(ValueError, match=r'num_classes=5.* names 2 classes'):
        describe(tiny(), [], meta)


def test_classes_without_names_are_numbered_and_get_colours():
    facts = describe(tiny(), [], {})
    assert facts['classes'] == ['0', '1', '2', '3', '4']
    colours = np.array(facts['palette'])
    assert colours.shape == (5, 3)
    assert colours.min() >= 0 and colours.max() <= 255
    assert len(np.unique(colours, axis=0)) == 5
    assert describe(tiny(), [], {})['palette'] == facts['palette']


def test_facts_of_depth():
    assert describe(tiny_depth(), [], {}) == dict(
        task='depth',
        max_depth=7.0,
        colours=colour_table(DEPTH_MAP).tolist(),
    )


@pytest.mark.parametrize('interpolation', ['bilinear', 'area'])
def test_the_size_of_a_depth_pipeline_is_kept(said, interpolation):
    steps = [DepthResize((96, 64), True, interpolation), PackDepthInputs()]
    facts = describe(tiny_depth(), steps, {})
    assert facts['scale'] == [96, 64] and facts['keep_ratio'] is True
    wanted = (
        "The test pipeline has DepthResize with interpolation='area'; "
        'predict_exported.py does it by the bilinear one.'
    )
    assert said == [wanted] * (interpolation == 'area')
    steps = [DepthRandomResize((96, 64), ratio_range=(1, 2))]
    assert 'scale' not in describe(tiny_depth(), steps, {})
    assert said[-1].startswith('The test pipeline has DepthRandomResize, the')


def test_what_the_file_leaves_out_is_said(said):
    describe(tiny_depth(), [PackSegInputs()], {})
    assert said == []
    describe(tiny_depth(flip='mean'), [RandomFlip(prob=0.0)], {})
    assert said == [
        'The test pipeline has RandomFlip, the exported file has not: it '
        'predicts the image that it is given.',
        "test_cfg has flip='mean'; the exported file does flip='none'.",
    ]
    said.clear()
    describe(tiny_depth(align_corners=True), [PackSegInputs()], {})
    assert said == [
        'test_cfg has align_corners=True; the exported file does '
        'align_corners=False.'
    ]
    said.clear()
    slide = dict(mode='slide', crop_size=(32, 32), stride=(16, 16))
    describe(tiny(test_cfg=slide), [], {})
    assert said == [
        "test_cfg has mode='slide'; the exported file does mode='whole'."
    ]
