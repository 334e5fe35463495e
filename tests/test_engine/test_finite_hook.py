"""What is NaN or infinite stops a run before it is written."""

from types import SimpleNamespace as Fake

import numpy as np
import pytest
import tiny
import torch
from mmcv.transforms import BaseTransform
from mmengine.config import Config, ConfigDict
from mmengine.registry import TRANSFORMS
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from poison import Poison
from tiny_models import CONVNEXT, DEPTH, ESTIMATOR, SEGMENT, xnet
from torch import nn

from xnet_mm.engine import FiniteCheckHook

NAN, INF = float('nan'), float('inf')


@TRANSFORMS.register_module()
class OneNaN(BaseTransform):
    """One NaN in a pixel of the image of this name."""

    def __init__(self, name):
        self.name = name

    def transform(self, results):
        if results['img_path'].endswith(self.name):
            results['img'] = results['img'].astype(np.float32)
            results['img'][5, 6, 1] = NAN
        return results


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


def runner_of(root, folder, change):
    path = tiny.write_tiny_config(folder / f'{folder.name}.py', root)
    cfg = Config.fromfile(path)
    options = {'work_dir': str(folder / 'work'), 'log_level': 'WARNING'}
    cfg.merge_from_dict({**options, **change})
    return Runner.from_cfg(cfg)


def saved(folder):
    """All tensors of all checkpoints below `folder`."""
    for path in (folder / 'work').rglob('*.pth*'):
        state = torch.load(path, weights_only=False)
        yield from state['state_dict'].values()


@pytest.mark.parametrize('interval', [1, 2])
def test_a_run_that_diverges(root, tmp_path, interval):
    change = {
        'optim_wrapper.optimizer.lr': 1e30,
        'default_hooks.checkpoint.interval': interval,
        'train_cfg.val_interval': 4,
    }
    with pytest.raises(
        ValueError,
        match=r'^Iteration 2: loss=(nan|inf).*decode\.loss_ce.*Learning rate '
        r'7\.5e\+29|^Iteration 2: loss=(nan|inf).*images: .*\.png, .*\.png\. '
        r'Lower the learning rate',
    ):
        runner_of(root, tmp_path, change).train()
    assert all(tensor.isfinite().all() for tensor in saved(tmp_path))


def test_a_pixel_of_an_image(root, tmp_path):
    runner = runner_of(root, tmp_path, {})
    pipeline = runner.train_dataloader.dataset.pipeline.transforms
    pipeline.insert(-1, OneNaN('images/3.png'))
    with pytest.raises(
        ValueError,
        match=r'loss=nan.*images: \S+/images/3\.png \(it has such pixels as '
        r'loaded\)\. Mend the file.* max_bad_steps=3',
    ):
        runner.train()


def test_an_image_of_the_validation(root, tmp_path):
    runner = runner_of(root, tmp_path, {})
    pipeline = runner.val_dataloader.dataset.pipeline.transforms
    pipeline.insert(-1, OneNaN('images/4.png'))
    with pytest.raises(ValueError, match=r'images/4\.png: \d+ of 9216 class'):
        runner.train()


def test_every_pixel_ignored(root, tmp_path):
    runner = runner_of(root, tmp_path, {})
    for transform in runner.val_dataloader.dataset.pipeline.transforms:
        if type(transform).__name__ == 'LoadAnnotations':
            transform.transform = lambda results: dict(
                results,
                gt_seg_map=np.full(results['img_shape'], 255, np.uint8),
                seg_fields=['gt_seg_map'],
            )
    with pytest.raises(
        ValueError, match=r'No result: aAcc=nan, mIoU=nan, mAcc=nan\. Nothing'
    ):
        runner.train()
    assert not list((tmp_path / 'work').glob('best*'))


def test_too_many_in_a_row(root, tmp_path):
    runner = runner_of(root, tmp_path, {})
    for hook in runner.hooks:
        if isinstance(hook, FiniteCheckHook):
            hook.max_bad_steps = 1
    runner.register_hook(Poison([0, 2, 3]), 'HIGHEST')
    with pytest.raises(
        ValueError, match=r'^Iteration 4: .* 2 bad updates in a row, max_bad_'
    ):
        runner.train()


def fake_runner(**more):
    wrapper = Fake(get_lr=lambda: dict(lr=[0.5, 0.1], base_lr=[7.0]))
    return Fake(iter=6, optim_wrapper=wrapper, **more)


@pytest.mark.parametrize(
    'value', [torch.tensor(NAN), torch.tensor(INF), NAN, np.float32(-INF)]
)
def test_losses_by_hand(value):
    outputs = dict(loss=torch.tensor(1.0), acc_seg=value, note=torch.ones(2))
    with pytest.raises(
        ValueError, match=r'^Iteration 7: acc_seg=\S+\. Learning rate 0\.5; im'
    ):
        FiniteCheckHook().after_train_iter(fake_runner(), 6, None, outputs)
    outputs['acc_seg'] = 1e300
    FiniteCheckHook().after_train_iter(fake_runner(), 6, None, outputs)


def test_a_loss_scale_that_only_falls():
    runner = fake_runner()
    scaler = Fake(is_enabled=lambda: True, get_scale=lambda: 2.0**-20)
    runner.optim_wrapper.loss_scaler = scaler
    with pytest.raises(
        ValueError, match=r'Iteration 7: .* fallen to 9\.5e-07'
    ):
        FiniteCheckHook().after_train_iter(runner, 6, None, {})
    scaler.get_scale = lambda: 65536.0
    FiniteCheckHook().after_train_iter(runner, 6, None, {})


def save(**checkpoint):
    checkpoint = dict(meta=dict(iter=7), **checkpoint)
    FiniteCheckHook().before_save_checkpoint(fake_runner(), checkpoint)


@pytest.mark.parametrize(
    ('part', 'name'),
    [
        (dict(state_dict={'w': torch.tensor([NAN])}), 'state_dict.w'),
        (dict(state_dict={'bn.var': torch.tensor(INF)}), 'state_dict.bn.var'),
        (
            dict(optimizer={'state': {0: {'exp_avg': torch.tensor(NAN)}}}),
            'optimizer.state.0.exp_avg',
        ),
        (dict(ema_state_dict={'w': torch.tensor(-INF)}), 'ema_state_dict.w'),
    ],
)
def test_no_part_of_a_checkpoint_is_written(part, name):
    with pytest.raises(
        ValueError,
        match=rf'^Iteration 7: NaN or infinity in 1 tensor \({name}\); this '
        r'checkpoint is not written.*--resume',
    ):
        save(**part)


def test_the_history_of_the_log_may_have_nan():
    hub = dict(log_scalars={'train/loss': torch.tensor([NAN])})
    save(state_dict={'w': torch.ones(1)}, message_hub=hub)


def test_weights_that_are_loaded():
    hook, runner = FiniteCheckHook(), Fake(_load_from='work/bad.pth')
    bad = {'w': torch.tensor([1.0, NAN])}
    for checkpoint in (bad, dict(state_dict=bad)):
        with pytest.raises(ValueError, match=r'^work/bad\.pth has NaN .*\(w'):
            hook.after_load_checkpoint(runner, checkpoint)
    hook.after_load_checkpoint(runner, {'w': torch.ones(2)})


def test_weights_that_a_run_starts_from():
    model = nn.Linear(2, 2)
    FiniteCheckHook().before_train(Fake(model=model))
    model.bias.data[1] = INF
    with pytest.raises(ValueError, match=r'`weights` of .* has NaN .*\(bi'):
        FiniteCheckHook().before_train(Fake(model=model))


def metrics_of(classes=(), **metrics):
    data = Fake(dataset=Fake(metainfo=dict(classes=classes)))
    runner = Fake(test_dataloader=data)
    FiniteCheckHook().after_test_epoch(runner, metrics)


def test_a_class_that_is_nowhere_is_no_error():
    metrics_of(('road', 'sky'), **{'IoU.road': NAN, 'Acc/sky': NAN, 'm': 1.0})
    metrics_of(('A',), table=[NAN], text='nan')
    with pytest.raises(ValueError, match=r'^No result: mA=nan, x=inf\.'):
        metrics_of(('A',), mA=NAN, x=np.float64(INF), y=3)


class Views(nn.Module):
    """Predicts what it is told, view by view."""

    def forward(self, samples, mode='predict'):
        return samples


def seen(scores):
    sample = SegDataSample(metainfo=dict(img_path='a.png'))
    sample.seg_logits = PixelData(data=scores)
    return sample


@pytest.mark.parametrize('wrap', [False, True])
def test_one_view_of_augmentation(wrap):
    """What is merged keeps the scores of the last view alone."""
    inner = Views()
    model = nn.Module()
    model.module = nn.DataParallel(inner) if wrap else inner
    data = Fake(dataset=Fake(metainfo={}))
    runner = Fake(model=model, test_dataloader=data)
    good, bad = torch.zeros(2, 3, 4), torch.full((2, 3, 4), NAN)
    hook = FiniteCheckHook()
    hook.before_test_epoch(runner)
    inner([seen(good), seen(good)])
    with pytest.raises(ValueError, match=r'^a\.png: 24 of 24 class scores'):
        inner([seen(bad), seen(good)])
    hook.after_test_epoch(runner, {})
    inner([seen(bad)])  # no longer looked at


@pytest.mark.parametrize(
    ('head', 'kind', 'what'),
    [
        (SEGMENT, 'EncoderDecoder', 'class scores'),
        (DEPTH, ESTIMATOR, 'predicted depths'),
    ],
)
def test_models_of_both_tasks(head, kind, what):
    model = xnet(
        CONVNEXT,
        head,
        kind,
        train_cfg=dict(),
        test_cfg=ConfigDict(mode='whole'),
    )
    hook, runner = FiniteCheckHook(), Fake(model=model)
    hook.before_val_epoch(runner)
    sample = SegDataSample(
        metainfo=dict(img_path='a.png', ori_shape=(64, 64), img_shape=(64, 64))
    )
    image = torch.zeros(3, 64, 64)
    model.val_step(dict(inputs=[image], data_samples=[sample]))
    image[1, 2, 3] = NAN
    with pytest.raises(ValueError, match=rf'a\.png: .* {what} are NaN'):
        model.val_step(dict(inputs=[image], data_samples=[sample]))


@pytest.mark.parametrize('steps', [-1, 1.5, None, '3', True])
def test_no_number_of_steps(steps):
    with pytest.raises(ValueError, match=r'max_bad_steps=.* 0 or more'):
        FiniteCheckHook(max_bad_steps=steps)


def test_the_runtimes_have_it():
    for name in ('default', 'depth'):
        cfg = Config.fromfile(tiny.CONFIGS / f'_base_/{name}_runtime.py')
        types = [hook.type for hook in cfg.custom_hooks]
        assert types.count('xnet_mm.FiniteCheckHook') == 1
