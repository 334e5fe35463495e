"""Numbers of a whole config, and changes of the command line."""

import pytest
from mmengine.config import Config

from xnet_mm.engine.config_check import check_config, merge_changes

FINE = dict(
    default_scope='mmseg',
    train_cfg=dict(type='IterBasedTrainLoop', max_iters=1, val_interval=1),
    train_dataloader=dict(
        batch_size=1, num_workers=0, dataset=dict(indices=[0, 2])
    ),
    val_dataloader=None,
    test_dataloader=dict(batch_size=2, dataset=dict(type='X', indices=-3)),
    randomness=dict(seed=0),
    optim_wrapper=dict(optimizer=dict(lr=0.0), clip_grad=dict(max_norm=1)),
    default_hooks=dict(checkpoint=dict(interval=-1), logger=None),
)


def make(**changes):
    cfg = Config(FINE)
    cfg.merge_from_dict(changes)
    return cfg


def test_what_is_fine():
    check_config(make())
    check_config(Config(dict()))
    check_config(Config(dict(train_cfg=None, test_dataloader=[])))
    metric = dict(type='IoUMetric', iou_metrics=['mIoU', 'mDice'])
    check_config(make(val_evaluator=metric, test_evaluator=[metric]))
    check_config(make(**{'optim_wrapper.optimizer.type': 'AdamW'}))


@pytest.mark.parametrize(
    'evaluator',
    [
        dict(type='IoUMetric', iou_metrics=['mIoU', 'mIuO']),
        [dict(type='DepthMetric'), dict(type='IoUMetric', iou_metrics='mIuO')],
        dict(metrics=[dict(type='mmseg.IoUMetric', iou_metrics=('mIuO',))]),
    ],
)
def test_an_unknown_name_of_a_metric(evaluator):
    with pytest.raises(ValueError, match=r"test_eval.* 'mIuO', wanted .*mIoU"):
        check_config(make(test_evaluator=evaluator))


def test_an_unknown_optimiser():
    with pytest.raises(ValueError, match=r"'AdamV', which is not .*; Adam, "):
        check_config(make(**{'optim_wrapper.optimizer.type': 'AdamV'}))


@pytest.mark.parametrize(
    ('key', 'value', 'wanted'),
    [
        ('train_cfg.max_iters', 0, 'a whole number of 1 or more'),
        ('train_cfg.max_iters', -5, 'a whole number of 1 or more'),
        ('train_cfg.max_iters', 1e5, 'a whole number of 1 or more'),
        ('train_cfg.max_iters', '100', 'a whole number of 1 or more'),
        ('train_cfg.max_epochs', 0, 'a whole number of 1 or more'),
        ('train_cfg.val_interval', 0, 'a whole number of 1 or more'),
        ('train_dataloader.batch_size', 0, 'a whole number of 1 or more'),
        ('test_dataloader.batch_size', -1, 'a whole number of 1 or more'),
        ('train_dataloader.num_workers', -1, 'a whole number of 0 or more'),
        ('val_dataloader.batch_size', True, 'a whole number of 1 or more'),
        ('randomness.seed', -1, 'a whole number from 0 to 4294967295'),
        ('randomness.seed', 2**32, 'a whole number from 0 to 4294967295'),
        ('optim_wrapper.optimizer.lr', float('nan'), 'a finite number of 0'),
        ('optim_wrapper.optimizer.lr', -0.1, 'a finite number of 0 or more'),
        ('optim_wrapper.optimizer.lr', float('inf'), 'a finite number of 0'),
        ('optim_wrapper.clip_grad.max_norm', 0, 'a finite number above 0'),
        ('optim_wrapper.accumulative_counts', 0, 'a whole number of 1 or'),
        ('default_hooks.checkpoint.interval', 0, 'a whole number of 1 or'),
        ('default_hooks.checkpoint.interval', -2, 'a whole number of 1 or'),
        ('default_hooks.logger.interval', 0, 'a whole number of 1 or more'),
    ],
)
def test_what_no_run_survives(key, value, wanted):
    cfg = Config({**FINE, 'val_dataloader': dict()})
    cfg.default_hooks.logger = dict()
    cfg.merge_from_dict({key: value})
    with pytest.raises(ValueError, match=f'{key} is .*, wanted {wanted}'):
        check_config(cfg)


@pytest.mark.parametrize('value', [0, [], [1, -1], [0.5], 1.5, 'all'])
def test_indices_that_leave_nothing(value):
    cfg = make()
    cfg.test_dataloader.dataset.indices = value
    with pytest.raises(ValueError, match=r'test_dataloader\.dataset\.indices'):
        check_config(cfg)


def test_changes_are_merged():
    cfg = make()
    merge_changes(cfg, None)
    merge_changes(
        cfg, {'train_cfg.max_iters': 7, 'load_from': 'a.pth', 'mine': 1}
    )
    assert (cfg.train_cfg.max_iters, cfg.load_from, cfg.mine) == (
        7,
        'a.pth',
        1,
    )


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'optim_wraper.optimizer.lr': 1}, "Did you mean 'optim_wrapper'"),
        ({'traindataloader.batch_size': 1}, "Did you mean 'train_dataloader'"),
        ({'load_form': 'a'}, "no 'load_form', and nothing would read it"),
        ({'train_cfg.max_iters.x': 1}, 'does not fit None'),
        ({'train_dataloader.dataset.indices.9': 1}, 'does not fit None'),
        ({'a': 1, 'a.b': 1}, '--cfg-options a=1 a.b=1: does not fit'),
    ],
)
def test_changes_that_fit_nothing(changes, message):
    with pytest.raises(ValueError, match=message):
        merge_changes(make(), changes)


def scheduled(length, *schedulers):
    cfg = make()
    cfg.train_cfg.max_iters = length
    cfg.param_scheduler = [dict(by_epoch=False, **s) for s in schedulers]
    return cfg


WARM_UP = dict(type='LinearLR', start_factor=0.1, begin=0, end=10)


@pytest.mark.parametrize(
    'last',
    [
        dict(type='PolyLR', begin=10, end=100),
        dict(type='mmengine.PolyLR', begin=10, end=100, eta_min=0.0),
        dict(type='CosineAnnealingLR', begin=10, end=100, T_max=90),
    ],
)
def test_iterations_at_rate_0(last):
    wanted = r'max_iters is 120, but \w+LR of .* ends at 100 .* last 20 iter'
    with pytest.raises(ValueError, match=wanted) as error:
        check_config(scheduled(120, WARM_UP, last))
    assert 'param_scheduler.1.end=120' in str(error.value)
    check_config(scheduled(100, WARM_UP, last))
    check_config(scheduled(50, WARM_UP, last))
    check_config(scheduled(120, WARM_UP, dict(last, eta_min=1e-6)))
    check_config(scheduled(120, WARM_UP))
    constant = dict(type='ConstantLR', begin=100, end=120)
    check_config(scheduled(120, WARM_UP, last, constant))
    open_end = {key: last[key] for key in last if key != 'end'}
    check_config(scheduled(120, WARM_UP, open_end))
