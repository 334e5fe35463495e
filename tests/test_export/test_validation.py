"""The figures of files: those of the data, counted here again."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from tiny import write_tiny_config, write_tiny_seg
from tiny_depth import write_run

from xnet_mm.export import Validation

SIZE = (48, 64)


class ByRow:
    """In an exported file's place: class 1 in the upper `rows`, else 0."""

    def __init__(self, rows):
        self.rows, self.images = rows, []

    def __call__(self, inputs):
        self.images.append(inputs)
        logits = torch.zeros(1, 3, *inputs.shape[-2:])
        logits[:, 1, : self.rows] = 1
        logits[:, 0, self.rows :] = 1
        return logits


@pytest.fixture
def cfg(tmp_path):
    root = write_tiny_seg(tmp_path / 'data', num=5, size=SIZE)
    return Config.fromfile(write_tiny_config(tmp_path / 'a.py', root))


def iou(folder, numbers, rows):
    """Mean IoU and accuracy in %, by hand."""
    right, predicted, true = np.zeros((3, 3))
    for number in numbers:
        truth = cv2.imread(f'{folder}/data/labels/{number}.png', -1)
        given = np.zeros(SIZE, int)
        given[:rows] = 1
        counts = truth != 255
        for k in range(3):
            right[k] += ((given == k) & (truth == k)).sum()
            predicted[k] += ((given == k) & counts).sum()
            true[k] += (truth == k).sum()
    union = predicted + true - right
    return 100 * (right / union).mean(), 100 * right.sum() / true.sum()


@pytest.mark.parametrize(
    ('limit', 'numbers'),
    [(None, range(5)), (3, [0, 2, 4]), (9, range(5)), (1, [0])],
)
def test_classes(cfg, tmp_path, limit, numbers):
    files = dict(a=ByRow(20), b=ByRow(30))
    model = MODELS.build(cfg.model)
    validation = Validation(cfg, limit)
    found = validation(files, model)
    assert validation.count == len(numbers) == len(files['b'].images)
    for name, file in files.items():
        wanted = iou(tmp_path, numbers, file.rows)
        figures = found[name]['mIoU'], found[name]['aAcc']
        assert figures == pytest.approx(wanted, abs=0.006)  # rounded
    assert found['a']['mIoU'] != found['b']['mIoU']
    path = tmp_path / f'data/images/{numbers[-1]}.png'
    image = files['a'].images[-1].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(image, cv2.imread(str(path)))


def test_depth_by_its_protocol_where_only_tests_are_there(tmp_path):
    """The prediction is 5/4 of the truth: the model of these tests."""
    config, _ = write_run(tmp_path)
    cfg = Config.fromfile(config)
    cfg.pop('val_dataloader', None)
    model = MODELS.build(cfg.model)
    files = {
        str(share): lambda image, share=share: (
            share * (image[None, 2:].float() / 30 + 0.5)
        )
        for share in (1, 0.8)
    }
    found = Validation(cfg)(files, model)
    assert found['1']['abs_rel'] == pytest.approx(0.25, abs=1e-3)
    assert found['0.8']['abs_rel'] == pytest.approx(0, abs=1e-3)


def test_what_is_not_finite_is_an_error(cfg):
    def wrong(inputs):
        return torch.full((1, 3, *inputs.shape[-2:]), torch.nan)

    model = MODELS.build(cfg.model)
    with pytest.raises(ValueError, match=r'int8, .*0\.png: 9216 of 9216 cla'):
        Validation(cfg)(dict(int8=wrong), model)


def test_nothing_to_validate_on(cfg, tmp_path):
    for name in ('val', 'test'):
        cfg[f'{name}_dataloader'] = None
    message = r'no val_dataloader with .* what int8 loses cannot be measured'
    with pytest.raises(ValueError, match=message):
        Validation(cfg)
    config, _ = write_run(tmp_path)
    depth = Config.fromfile(config)
    depth.test_dataloader.dataset.ann_file = str(tmp_path / 'none.txt')
    (tmp_path / 'none.txt').touch()
    with pytest.raises(ValueError, match=r'none\.txt|no images'):
        Validation(depth)


def test_the_evaluator_of_the_config_is_left_as_it_is(cfg):
    before = cfg.val_evaluator.to_dict()
    Validation(cfg, 1)(dict(a=ByRow(3)), MODELS.build(cfg.model))
    assert cfg.val_evaluator.to_dict() == before
