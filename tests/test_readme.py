"""The examples of README and docs run, as a reader would paste them."""

import cv2
import numpy as np
import pytest
import torch
from doc_examples import example_with
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmseg.registry import MODELS
from shared_models import load_pair, picture, save_picture
from torch import nn

import xnet_mm

DEMO = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-{}-192x256.py'


def build(word, tmp_path):
    """The model of the one example that contains `word`."""
    (tmp_path / 'config.py').write_text(example_with(word))
    cfg = Config.fromfile(tmp_path / 'config.py')
    return MODELS.build(cfg.model).eval()


def run(word, **names):
    """Run the one example that contains `word`; the names it leaves."""
    exec(example_with(word), names)
    return names


def test_model_of_the_readme_builds_and_predicts(tmp_path):
    model = build('EncoderDecoder', tmp_path)
    assert model.decode_head.in_channels == [96, 192, 384, 768]
    with torch.no_grad():
        logits = model.decode_head(
            model.extract_feat(torch.rand(1, 3, 64, 64))
        )
    assert logits.shape == (1, 150, 64, 64)


def test_model_of_the_readme_has_ten_lines():
    assert len(example_with('EncoderDecoder').splitlines()) <= 10


def test_depth_model_of_the_docs_builds_and_predicts(tmp_path):
    model = build('MonoDepthEstimator', tmp_path)
    with torch.no_grad():
        depth = model.inference(torch.rand(1, 3, 64, 64))
    assert depth.shape == (1, 1, 64, 64)
    assert depth.min() > 0 and depth.max() < 10


def test_leaf_of_the_docs_builds_on_the_shipped_bases(tmp_path):
    example = example_with('datasets/ade20k.py')
    example = example.replace("'../", f"'{xnet_mm.configs_dir()}/")
    (tmp_path / 'leaf.py').write_text(example)
    cfg = Config.fromfile(tmp_path / 'leaf.py')
    (crop,) = [
        t.crop_size
        for t in cfg.train_dataloader.dataset.pipeline
        if t.type == 'RandomCrop'
    ]
    assert cfg.model.data_preprocessor.size == crop
    model = MODELS.build(cfg.model)
    assert model.neck.decoder.channels == [96, 192, 384, 768]
    assert model.backbone.out_channels == [768]


def test_base_of_the_docs_is_found_from_anywhere(tmp_path):
    (tmp_path / 'mine.py').write_text(example_with("__import__('xnet_mm')"))
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert cfg.model.decode_head.type == 'xnet_mm.PFPDepthHead'


def test_learning_rates_name_parts_of_the_model():
    found = run('custom_keys')
    keys = found['optim_wrapper']['paramwise_cfg']['custom_keys']
    cfg = Config.fromfile(xnet_mm.configs_dir() / DEMO.format('400_scenes'))
    names = [n for n, _ in MODELS.build(cfg.model).named_parameters()]
    for key in (*keys, 'neck.reshape', 'decode_head'):
        assert any(key in name for name in names), key


def test_rates_by_layer_work_as_the_page_says():
    cfg = Config.fromfile(xnet_mm.configs_dir() / DEMO.format('400_scenes'))
    found = run('LayerDecayOptimWrapperConstructor')
    cfg.merge_from_dict(dict(optim_wrapper=found['optim_wrapper']))
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    rates = {
        id(p): group['lr'] / cfg.optim_wrapper.optimizer.lr
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    # EfficientNet-Lite0: the stem and 1 + 2 + 2 + 3 + 3 + 4 + 1 blocks.
    stems = model.backbone.encoder.conv_stem, model.neck.decoder.stem[0]
    for stem, rate in zip(stems, (0.9, 0.95), strict=True):
        assert rates[id(stem.weight)] == pytest.approx(rate**16)
    assert rates[id(model.decode_head.conv_seg.weight)] == 1


def test_hooks_without_acceleration_are_the_rest_of_the_runtime():
    shown = run('IterationSeedHook')['custom_hooks']
    runtime = xnet_mm.configs_dir() / '_base_/default_runtime.py'
    hooks = Config.fromfile(runtime).custom_hooks
    assert shown == [h for h in hooks if h.type != 'xnet_mm.AccelerateHook']


def test_building_as_the_api_page_says():
    found = run('xnet_mm.configs_dir()')
    assert found['model'].neck.decoder.channels == [24, 40, 112, 320]


def test_taking_apart_as_the_api_page_says():
    found = run('build_hierarchy(', image=torch.rand(2, 3, 64, 96))
    assert found['decoder'].channels == [96, 192, 384, 768]
    assert found['decoder'].strides == [4, 8, 16, 32]
    assert found['stem'].shape == (2, 96, 16, 24)
    assert [m.shape[-1] for m in found['maps']] == [24, 12, 6, 3]


@pytest.mark.parametrize(
    ('scenes', 'field'),
    [('400_scenes', 'pred_sem_seg'), ('120_scenes-depth', 'pred_depth_map')],
)
def test_predicting_as_the_api_page_says(scenes, field, tmp_path):
    config = xnet_mm.configs_dir() / DEMO.format(scenes)
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'last.pth')
    picture = str(tmp_path / 'picture.png')
    cv2.imwrite(picture, np.full((48, 80, 3), 99, np.uint8))
    example = example_with('Predictor(')
    example = example.replace('pred_sem_seg', field)
    found = dict(
        config=config, checkpoint=str(tmp_path / 'last.pth'), picture=picture
    )
    exec(example, found)
    assert found['result'].get(field).data.shape == (1, 48, 80)


def test_evaluating_as_the_api_page_says():
    truth = torch.full((480, 640), 2.0)
    found = run('PROTOCOLS', prediction=truth * 1.25, truth=truth)
    assert found['pred'].shape == (426 * 560,)
    assert found['abs_rel'](found['pred'], found['gt']) == 0.25


def test_switching_as_the_speed_page_says():
    cfg = Config.fromfile(xnet_mm.configs_dir() / DEMO.format('400_scenes'))
    model = MODELS.build(cfg.model).eval()
    image = torch.rand(1, 3, 64, 96)
    before = model(image, mode='tensor')
    example = example_with('restore(model)')
    *switch, whole, half = example.strip().splitlines()
    assert 'prepare_for_inference(model) ' in whole
    found = dict(model=model, torch=torch)
    exec('\n'.join(switch), found)
    assert torch.equal(model(image, mode='tensor'), before)
    norms = sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    with torch.no_grad():
        exec(whole, found)
        torch.testing.assert_close(
            found['model'](image, mode='tensor'), before, rtol=0, atol=1e-4
        )
        exec(half, found)
        after = found['model'](image, mode='tensor')
    assert after.dtype == torch.bfloat16
    left = sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    assert left < norms


def test_one_call_as_the_api_page_says(tmp_path):
    image = save_picture(tmp_path / 'a.png', picture())
    names = dict(picture=image, out_dir=tmp_path / 'out')
    seg = load_pair(tmp_path / 'seg', 'segmentation')
    source = seg.save_pretrained(tmp_path / 'saved')
    found = run("probabilities(['floor'])", source=source, **names)
    assert found['result'].labels.shape == (48, 80)
    assert (tmp_path / 'out/labels/a.png').is_file()
    depth = load_pair(tmp_path / 'depth', 'depth')
    found = run('points, colours', model=depth, intrinsics=(9, 9, 4, 4),
                **names)  # fmt: skip
    assert found['points'].shape == (48 * 80, 3)


def test_sharing_as_the_api_page_says(tmp_path, monkeypatch):
    pushed = []
    monkeypatch.setattr(
        'xnet_mm.prediction.hub.upload', lambda *_, **kw: pushed.append(kw)
    )
    names = dict(folder=tmp_path / 'saved', repo_id='me/rooms')
    run('push_to_hub', model=load_pair(tmp_path, 'segmentation'), **names)
    assert pushed == [dict(private=True)]
    assert '| mIoU | 63.7 |' in (tmp_path / 'saved/README.md').read_text()
