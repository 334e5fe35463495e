"""MMEngine's own Runner loads what was asked for, or says why it does not."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
import torch
from mmengine.config import Config
from mmengine.runner import (
    FlexibleRunner,
    IterBasedTrainLoop,
    Runner,
    TestLoop,
)
from mmseg.registry import MODELS

from xnet_mm.engine import CheckpointCheckHook
from xnet_mm.engine.launch import add_hook


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    return tiny.train(tmp_path_factory.mktemp('trained'))


@pytest.fixture
def case(trained, tmp_path):
    return tiny.copy_of(trained, tmp_path)


@pytest.mark.parametrize('bare', [False, True])
@pytest.mark.parametrize('runner', [Runner, FlexibleRunner])
def test_the_right_one_is_tested(case, bare, runner):
    cfg, content = case
    state = content['state_dict']
    if bare:
        state = {f'module.{k}': v for k, v in state.items()}
        torch.save(state, cfg.load_from)
    tested = tiny.run(cfg, runner)
    assert 'mIoU' in tested.test()
    assert torch.equal(tested.model.state_dict()[BIAS], [*state.values()][-1])


def test_test_time_augmentation_is_no_other_model(case):
    cfg, _ = case
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    assert 'mIoU' in tiny.run(cfg).test()


@pytest.fixture(scope='module')
def model(trained):
    return MODELS.build(trained[0].model)


@pytest.fixture
def load(model, trained, tmp_path):
    """What Runner calls before it loads: `way` names the running loop."""
    cfg = trained[0]

    def load(content, way='test'):
        loops = dict(_train_loop=None, _val_loop=None, _test_loop=None)
        name = dict(resume='train').get(way, way)
        loop = loops[f'_{name}_loop'] = object.__new__(
            IterBasedTrainLoop if name == 'train' else TestLoop
        )
        dataset = cfg[f'{name}_dataloader'].dataset
        loop.dataloader = SimpleNamespace(dataset=dataset)
        runner = SimpleNamespace(
            **loops,
            _resume=way == 'resume',
            _load_from='a.pth',
            model=model,
            cfg=cfg,
            param_schedulers=[1],
        )
        CheckpointCheckHook().after_load_checkpoint(runner, content)

    return load


BIAS = 'decode_head.conv_seg.bias'


@pytest.mark.parametrize('way', ['test', 'val', 'resume'])
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (lambda c: c.clear(), 'missing 37 of 37'),
        (lambda c: c['state_dict'].clear(), 'missing 37 of 37: backbone'),
        (
            lambda c: c['state_dict'].update(more=torch.ones(1)),
            'unexpected 1 of 38: more',
        ),
        (
            lambda c: c['state_dict'].pop(BIAS),
            f'missing 1 of 37: {BIAS}',
        ),
        (
            lambda c: c['state_dict'][BIAS].fill_(float('nan')),
            f'NaN or infinity in 1 tensors: {BIAS}',
        ),
    ],
)
def test_wrong_keys_are_refused(load, trained, change, text, way):
    content = copy.deepcopy(trained[1])
    load(content, way)
    change(content)
    with pytest.raises(ValueError, match=text) as error:
        load(content, way)
    assert 'a.pth' in str(error.value)


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (lambda c: c.pop('optimizer'), 'it has no optimizer'),
        (lambda c: c.pop('message_hub'), 'it has no message_hub'),
        (lambda c: c.pop('param_schedulers'), 'it has no param_schedulers'),
        (lambda c: c.pop('meta'), 'it has no meta'),
        (lambda c: c['meta'].pop('iter'), r"meta\['iter'\] is None, wanted"),
        (lambda c: c['meta'].update(epoch='1'), r"meta\['epoch'\] is '1'"),
        (lambda c: c['meta'].update(seed='x'), r"meta\['seed'\] is 'x'"),
        (lambda c: c.update(optimizer=[1]), 'its optimizer is of type list'),
        (lambda c: c.update(optimizer={}), 'optimizer has no param_groups'),
        (
            lambda c: c['message_hub'].pop('resumed_keys'),
            r"message_hub\['resumed_keys'\] is no dict",
        ),
    ],
)
def test_half_a_training_state_is_not_resumed(load, trained, change, text):
    content = copy.deepcopy(trained[1])
    change(content)
    load(content, 'test')
    with pytest.raises(ValueError, match=text) as error:
        load(content, 'resume')
    assert 'a.pth cannot be resumed' in str(error.value)


def test_another_number_of_classes_is_refused(case):
    cfg, _ = case
    cfg.model.decode_head.num_classes = 5
    with pytest.raises(ValueError, match=r'classes: 3 in the checkpoint, 5'):
        tiny.run(cfg).test()


def test_classes_in_another_order_are_refused(case):
    cfg, _ = case
    classes = ['class 1', 'class 0', 'class 2']
    cfg.test_dataloader.dataset.metainfo.classes = classes
    with pytest.raises(ValueError, match='class 0 is number 0 in the check'):
        tiny.run(cfg).test()


def test_settings_that_no_shape_shows_are_refused(case):
    cfg, _ = case
    cfg.model.data_preprocessor.mean = [100.0] * 3
    with pytest.raises(ValueError, match=r'127\.5 in training, is 100'):
        tiny.run(cfg).test()
    hooks = cfg.custom_hooks
    hooks[1]['settings'] = False
    assert 'mIoU' in tiny.run(cfg).test()


def test_resuming_goes_on(case):
    cfg, _ = case
    cfg.resume, cfg.train_cfg.max_iters = True, 3
    runner = tiny.run(cfg)
    runner.train()
    assert runner.iter == 3


def test_fine_tuning_is_lenient_and_says_what_it_left_out(case, capfd):
    cfg, content = case
    cfg.model.decode_head.num_classes = 5
    for split in ('train', 'val'):
        dataset = cfg[f'{split}_dataloader'].dataset
        dataset.metainfo = dict(classes=[*'abcde'], palette=tiny.PALETTE[:5])
    content['state_dict']['more'] = torch.ones(1)
    torch.save(content, cfg.load_from)
    tiny.run(cfg).train()
    said = ''.join(capfd.readouterr())
    assert f'35 tensors of {cfg.load_from} fit' in said
    assert 'unexpected 1 of 38: more; other shape 2 of 37' in said
    assert 'conv_seg.weight (3, 8, 1, 1), wanted (5, 8, 1, 1)' in said


def test_fine_tuning_from_something_else_is_refused(case):
    cfg, _ = case
    torch.save(dict(state_dict=dict(w=torch.ones(1))), cfg.load_from)
    with pytest.raises(ValueError, match=r'a\.pth fits this model in nothing'):
        tiny.run(cfg).train()


@pytest.mark.parametrize('steps', [2, 3])
def test_ema_is_no_other_model(case, steps):
    cfg, _ = case
    cfg.custom_hooks.append(dict(type='EMAHook'))
    cfg.load_from = None
    tiny.run(cfg).train()
    cfg.load_from = f'{cfg.work_dir}/iter_2.pth'
    cfg.resume, cfg.train_cfg.max_iters = steps > 2, steps
    runner = tiny.run(cfg)
    if steps > 2:
        runner.train()
    else:
        assert 'mIoU' in runner.test()


def test_an_empty_pointer_stops_the_run(case):
    cfg, _ = case
    cfg.load_from, cfg.resume = None, True
    Path(cfg.work_dir).mkdir()
    (Path(cfg.work_dir) / 'last_checkpoint').touch()
    with pytest.raises(ValueError, match='last_checkpoint is empty'):
        tiny.run(cfg).train()
    cfg.custom_hooks = []  # without our hook: by the reader
    with pytest.raises(ValueError, match='`last_checkpoint` in the work dir'):
        tiny.run(cfg).train()


def test_no_pointer_is_a_fresh_start(case):
    cfg, _ = case
    cfg.load_from, cfg.resume = None, True
    runner = tiny.run(cfg)
    runner.train()
    assert runner.iter == 2


def test_the_tools_add_the_hook_once():
    cfg = Config(dict(custom_hooks=None))
    for _ in range(2):
        add_hook(cfg, 'CheckpointCheckHook')
    assert cfg.custom_hooks == [dict(type='xnet_mm.CheckpointCheckHook')]
    cfg = Config(dict(custom_hooks=[dict(type='CheckpointCheckHook')]))
    add_hook(cfg, 'CheckpointCheckHook')
    assert len(cfg.custom_hooks) == 1
