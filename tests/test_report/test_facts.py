"""What a config says, in words."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from xnet_mm.ablation.logs import RunLog
from xnet_mm.prediction.run_folder import Run
from xnet_mm.report.facts import (
    counts_epochs,
    describe_inference,
    describe_model,
    facts_of_training,
    step_of,
)

RUN = Run(Path('c.py'), Path('x/best_mIoU_iter_5.pth'), 'the best by mIoU')


@pytest.mark.parametrize(
    ('model', 'words'),
    [
        (
            dict(backbone=dict(encoder='a'), neck=dict(decoder='b')),
            'a × b',
        ),
        (
            dict(
                backbone=dict(encoder=dict(type='timm', model_name='a')),
                neck=dict(decoder=dict(type='mmpretrain.ConvNeXt')),
            ),
            'a × mmpretrain.ConvNeXt',
        ),
        (
            dict(
                backbone=dict(type='ResNetV1c', depth=50),
                decode_head=dict(type='xnet_mm.UPerDepthHead'),
            ),
            'ResNetV1c-50 + UPerDepthHead',
        ),
        (dict(backbone='x'), 'unknown + unknown'),
    ],
)
def test_the_boxes_of_a_model(model, words):
    assert describe_model(dict(model=model)) == words


def test_a_training_in_words():
    values = dict(
        model=dict(
            backbone=dict(encoder='a', weights='/home/me/a.pth'),
            decode_head=dict(type='xnet_mm.PFPHead'),
        ),
        train_dataloader=dict(batch_size=4),
        train_cfg=dict(max_iters=20),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.001)),
        randomness=dict(seed=0),
    )
    log = RunLog({12: 1.0}, {}, {})
    training = SimpleNamespace(images=9)
    assert facts_of_training(values, RUN, log, training) == {
        'checkpoint': 'best_mIoU_iter_5.pth, the best by mIoU',
        'head': 'PFPHead',
        'started from': 'encoder a (a.pth)',
        'trained on': '9 images',
        'length': '20 iterations, 12 reached, 4 images at once in each '
        'process',
        'optimizer': 'AdamW, learning rate 0.001',
        'seed': '0',
    }


def test_a_config_that_says_nothing():
    values = dict(
        model=dict(backbone=dict(type='X')),
        optim_wrapper='x',
        train_cfg=7,
        randomness=None,
    )
    found = facts_of_training(values, RUN, None, None)
    assert found['started from'] == 'random weights'
    assert {*found} == {'checkpoint', 'head', 'started from'}


class Resize:
    scale = (480, 360)


class KBCrop:
    pass


@pytest.mark.parametrize(
    ('test', 'steps', 'words'),
    [
        (dict(mode='whole'), [], 'whole images'),
        (
            *(dict(mode='whole', flip='mean'), [KBCrop(), Resize()]),
            'whole images, averaged with the flipped image, cut by KBCrop '
            'before, resized to 480×360 before',
        ),
        (
            *(dict(mode='slide', crop_size=(512, 512), stride=(341, 341)), []),
            'sliding windows of 512×512, stride 341×341',
        ),
    ],
)
def test_how_an_image_gets_through(test, steps, words):
    values = dict(model=dict(test_cfg=test))
    split = SimpleNamespace(transforms=steps)
    assert describe_inference(values, split) == words


def test_iterations_and_epochs():
    assert step_of(Path('best_mIoU_iter_1500.pth')) == 1500
    assert step_of(Path('model.pth')) == -1
    assert counts_epochs(dict(train_cfg=dict(type='EpochBasedTrainLoop')))
    assert counts_epochs(dict(train_cfg=dict(by_epoch=True)))
    assert not counts_epochs(dict(train_cfg=dict(type='IterBasedTrainLoop')))
    found = facts_of_training(
        dict(model={}, train_cfg=dict(max_epochs=3)), RUN, None, None
    )
    assert found['length'] == '3 epochs'
