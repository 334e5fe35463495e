"""Classes of transformers as segmentors: outputs by their own steps."""

import sys

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config

from xnet_mm.benchmark import Setting, build_subject, measure
from xnet_mm.benchmark.clock import Clock
from xnet_mm.benchmark.subject import build_subjects, count
from xnet_mm.benchmark.transformers_model import TransformersModel

VIT = dict(
    hidden_size=16,
    num_hidden_layers=4,
    num_attention_heads=2,
    intermediate_size=32,
)
HEAD = dict(neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8)
EOMT = dict(VIT, image_size=96, num_queries=5, num_blocks=2, num_labels=3)
EOMT.pop('intermediate_size')
MODELS = {
    'EomtForUniversalSegmentation': EOMT,
    'EomtDinov3ForUniversalSegmentation': dict(EOMT, intermediate_size=32),
    'DPTForDepthEstimation': dict(
        VIT, **HEAD, image_size=64, backbone_out_indices=[0, 1, 2, 3]
    ),
    'DepthAnythingForDepthEstimation': dict(
        HEAD,
        backbone_config=dict(
            VIT,
            model_type='dinov2',
            image_size=56,
            patch_size=14,
            out_indices=[1, 2, 3, 4],
            reshape_hidden_states=False,
        ),
        reassemble_hidden_size=16,
        head_hidden_size=4,
    ),
    'ZoeDepthForDepthEstimation': dict(
        HEAD,
        backbone_config=dict(
            VIT,
            model_type='beit',
            image_size=64,
            use_relative_position_bias=True,
            reshape_hidden_states=False,
            out_features=['stage1', 'stage2', 'stage3', 'stage4'],
        ),
        bottleneck_features=8,
        num_relative_features=4,
        bin_embedding_dim=8,
    ),
}


@pytest.fixture
def transformers():
    return pytest.importorskip(
        'transformers', reason="needs transformers: pip install '.[peers]'"
    )


def config(name):
    model = dict(type=TransformersModel, name=name, config=MODELS[name])
    return Config(dict(model=model))


@pytest.mark.parametrize('name', MODELS)
def test_each_is_measured_fast_and_as_shipped(transformers, name):
    torch.manual_seed(0)
    subjects = build_subjects('it', config(name), 'cpu', as_shipped=True)
    found = measure(subjects, Setting((64, 64)), Clock('cpu'), 1)
    assert [r['error'] for r in found] == ['', '']
    assert found[0]['macs'] == found[1]['macs'] > 1e5
    assert count(subjects[0], (64, 64)).parameters == sum(
        p.numel() for p in subjects[1].model.parameters()
    )
    image = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        fast, shipped = (s.model.encode_decode(image) for s in subjects)
    channels = 3 if 'Segmentation' in name else 1
    assert fast.shape == (2, channels, 64, 64)
    assert (fast - shipped).abs().max() <= 1e-4 * shipped.abs().max()


@pytest.mark.parametrize('name', MODELS)
def test_half_precision(transformers, name):
    subjects = build_subjects('it', config(name), 'cpu', as_shipped=True)
    setting = Setting((64, 64), precision='bf16')
    found = measure(subjects, setting, Clock('cpu'), 1)
    assert [r['error'] for r in found] == ['', '']


def test_scores_by_the_librarys_own_steps(transformers):
    """As its image processor makes semantic maps of masks and classes."""
    name = 'EomtForUniversalSegmentation'
    torch.manual_seed(0)
    model = TransformersModel(name, MODELS[name]).eval()
    image = torch.randn(1, 3, 48, 64)
    with torch.no_grad():
        found = model(image)
        inner = model.backbone(F.interpolate(image, (96, 96), mode='bilinear'))
    masks = F.interpolate(
        inner.masks_queries_logits, (48, 64), mode='bilinear'
    )[0].sigmoid()
    classes = inner.class_queries_logits[0].softmax(-1)
    wanted = torch.zeros(3, 48, 64)
    for query in range(5):
        for label in range(3):
            wanted[label] += classes[query, label] * masks[query]
    torch.testing.assert_close(found[0], wanted)


def test_depth_of_an_image_that_patches_do_not_divide(transformers):
    name = 'DepthAnythingForDepthEstimation'
    torch.manual_seed(0)
    model = TransformersModel(name, MODELS[name]).eval()
    # 4.57 and 6.86 patches of 14
    assert model.input_size(64, 96) == (70, 98)
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        found = model(image)
        inner = model.backbone(F.interpolate(image, (70, 98), mode='bilinear'))
    wanted = F.interpolate(
        inner.predicted_depth[None], (64, 96), mode='bilinear'
    )
    assert torch.equal(found, wanted)


def test_dpt_of_an_image_that_is_no_square(transformers):
    name = 'DPTForDepthEstimation'
    torch.manual_seed(0)
    model = TransformersModel(name, MODELS[name]).eval()
    plain = transformers.DPTForDepthEstimation(model.backbone.config).eval()
    plain.load_state_dict(model.backbone.state_dict())
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        found = model(image)
        maps = plain.dpt(image, output_hidden_states=True).hidden_states
        depth = plain.head(plain.neck([*maps[1:]], 4, 6))
    wanted = F.interpolate(depth[:, None], (64, 96), mode='bilinear')
    assert torch.equal(found, wanted)


def test_what_does_not_fit_one_size_is_a_row_that_says_so(transformers):
    cfg = config('EomtForUniversalSegmentation')
    built = build_subject('it', cfg, 'cpu')
    (found,) = measure([built], Setting((64, 128)), Clock('cpu'), 1)
    assert 'takes 96x96 and cuts 64x128 into windows' in found['error']


def test_training_is_refused(transformers):
    cfg = config('DPTForDepthEstimation')
    built = build_subject('it', cfg, 'cpu', train=True)
    assert built.error == (
        'ValueError: measured in inference only, without --train'
    )


@pytest.mark.parametrize(
    ('name', 'options', 'error', 'message'),
    [
        ('NoSuchModel', {}, ImportError, 'has no NoSuchModel'),
        (
            *('DPTForDepthEstimation', dict(hidden=3), ValueError),
            r"DPTConfig has no \['hidden'\]",
        ),
    ],
)
def test_wrong_names(transformers, name, options, error, message):
    with pytest.raises(error, match=message):
        TransformersModel(name, options)


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, 'transformers', None)
    built = build_subject('it', config('DPTForDepthEstimation'), 'cpu')
    assert built.model is None
    assert 'DPTForDepthEstimation is a class of transformers' in built.error
    assert "pip install 'xnet_mm[peers]'" in built.error
