"""A config and a checkpoint become predictions of plain images."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_depth import depth_of, make_image, write_run

from xnet_mm.prediction.predictor import Predictor


def predictor_of(folder, change=None, **options):
    config, checkpoint = write_run(folder, **options)
    cfg = Config.fromfile(config)
    if change:
        cfg.merge_from_dict(change)
    return Predictor(cfg, str(checkpoint), 'cpu')


@pytest.mark.parametrize(
    ('widths', 'batches'), [([64, 64, 64], [3]), ([64, 96, 64], [1, 1, 1])]
)
def test_images_of_any_sizes_in_their_order(tmp_path, widths, batches):
    predictor = predictor_of(tmp_path)
    seen = []
    predictor.model.backbone.register_forward_pre_hook(
        lambda module, args: seen.append(len(args[0]))
    )
    images = [make_image(40, w, seed=i) for i, w in enumerate(widths)]
    results = predictor(images)
    assert seen == batches  # images of one size go together
    for image, result in zip(images, results, strict=True):
        depth = result.pred_depth_map.data
        assert not depth.requires_grad
        np.testing.assert_allclose(depth[0], depth_of(image), rtol=1e-6)


def test_what_the_checkpoint_says_of_its_data(tmp_path):
    predictor = predictor_of(tmp_path)
    assert predictor.meta == dict(max_depth=10.0)
    assert predictor.checkpoint == str(tmp_path / 'model.pth')
    assert not predictor.model.training


def test_a_checkpoint_of_weights_alone(tmp_path):
    config, checkpoint = write_run(tmp_path)
    torch.save({'decode_head.offset': torch.tensor(2.5)}, checkpoint)
    predictor = Predictor(Config.fromfile(config), str(checkpoint), 'cpu')
    assert predictor.meta == {}
    (result,) = predictor([make_image()])
    np.testing.assert_allclose(
        result.pred_depth_map.data[0], depth_of(make_image()) + 2, rtol=1e-6
    )


def test_pretrained_weights_of_the_config_are_not_looked_for(tmp_path):
    missing = dict(type='Pretrained', checkpoint='no/such/file.pth')
    predictor = predictor_of(tmp_path, {'model.backbone.init_cfg': missing})
    assert len(predictor([make_image()])) == 1


def test_a_checkpoint_of_another_model(tmp_path):
    config, checkpoint = write_run(tmp_path)
    torch.save({'decode_head.other': torch.tensor(0.5)}, checkpoint)
    message = r'model\.pth is not a checkpoint of this config.*other'
    with pytest.raises(ValueError, match=r'(?s)' + message):
        Predictor(Config.fromfile(config), str(checkpoint), 'cpu')


@pytest.mark.parametrize('own', [True, False])
def test_the_test_pipeline_without_what_it_loads(tmp_path, own):
    """Its own name first; else that of the test data."""
    config, checkpoint = write_run(tmp_path, [dict(type='xnet_mm.KBCrop')])
    cfg = Config.fromfile(config)
    if not own:
        cfg.pop('test_pipeline')
    predictor = Predictor(cfg, str(checkpoint), 'cpu')
    names = [type(step).__name__ for step in predictor.pipeline.transforms]
    assert names == ['LoadImageFromNDArray', 'KBCrop', 'PackDepthInputs']


def test_weights_that_are_none(tmp_path):
    config, checkpoint = write_run(tmp_path)
    torch.save({'decode_head.offset': torch.tensor(float('nan'))}, checkpoint)
    with pytest.raises(
        ValueError, match=r'model\.pth has NaN .*\(decode_head\.offset\)'
    ):
        Predictor(Config.fromfile(config), str(checkpoint), 'cpu')


def test_predictions_that_are_none(tmp_path):
    predictor = predictor_of(tmp_path)
    predictor.model.decode_head.offset.data.fill_(torch.inf)
    images = [make_image(), make_image()]
    with pytest.raises(ValueError, match=r'^a/b\.png: 3072 of 3072 pred'):
        predictor(images, ['a/b.png', 'c.png'])
    with pytest.raises(ValueError, match=r'^image 1: 3072 of 3072 pre'):
        predictor(images)


def test_a_window_that_leaves_pixels_out(tmp_path):
    slide = dict(mode='slide', crop_size=(8, 8), stride=(9, 8))
    with pytest.raises(ValueError, match=r'got .*stride=\(9, 8\): no win'):
        predictor_of(tmp_path, {'model.test_cfg': slide})
