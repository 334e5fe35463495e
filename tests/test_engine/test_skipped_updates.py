"""A bad update is left out as if it had not been, and nothing else is."""

import pytest
import tiny
import torch
from launches import TORCHRUN, launch
from mmengine.config import Config
from mmengine.optim import AmpOptimWrapper, OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from needs import needs_torch
from poison import LeaveOut, Poison
from torch import nn

from xnet_mm.engine.skipped_updates import UpdateGuard

NAN = float('nan')


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


def train(root, folder, name, hook, limit, change=None, resume=None):
    """Four iterations with batch norms that learn; the runner."""
    path = tiny.write_tiny_config(folder / f'{name}.py', root)
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(
        {
            'work_dir': str(folder / name),
            'log_level': 'WARNING',
            'model.backbone.norm_eval': False,
            'train_cfg.val_interval': 9,
            'default_hooks.checkpoint.save_best': None,
            'default_hooks.checkpoint.max_keep_ckpts': -1,
            **(change or {}),
        }
    )
    for config in cfg.custom_hooks:
        if config.type == 'xnet_mm.FiniteCheckHook':
            config.max_bad_steps = limit
    if resume:
        cfg.resume, cfg.load_from = True, str(resume)
    runner = Runner.from_cfg(cfg)
    if hook:
        runner.register_hook(hook, 'HIGHEST')
    runner.train()
    return runner


def assert_same(a, b):
    """Weights, buffers, states of the optimiser, learning rates."""
    for x, y in zip(a, b, strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=0, equal_nan=False)


def tensors(runner):
    yield from runner.model.state_dict().values()
    state = runner.optim_wrapper.state_dict()['state']
    for group in state.values():
        yield from group.values()
    yield torch.tensor(runner.optim_wrapper.get_lr()['lr'])


WAYS = {
    'two in a row': ({}, [0, 1, 3], [0, 1, 3]),
    'clipped': ({'optim_wrapper.clip_grad': dict(max_norm=0.1)}, [1], [1]),
    # Iterations 0 and 1 make one update.
    'accumulated': ({'optim_wrapper.accumulative_counts': 2}, [0], [0, 1]),
}


@pytest.mark.parametrize('way', WAYS)
def test_the_run_is_the_one_that_left_them_out(root, tmp_path, way):
    change, bad, left_out = WAYS[way]
    ours = train(root, tmp_path, 'ours', Poison(bad), 2, change)
    hand = train(root, tmp_path, 'hand', LeaveOut(left_out), 0, change)
    assert all(t.isfinite().all() for t in tensors(ours))
    assert_same(tensors(ours), tensors(hand))


def test_resumed_between_bad_updates(root, tmp_path):
    whole = train(root, tmp_path, 'whole', Poison([1, 2]), 2)
    resumed = train(
        root,
        tmp_path,
        'resumed',
        Poison([1, 2]),
        2,
        resume=tmp_path / 'whole' / 'iter_2.pth',
    )
    assert_same(tensors(whole), tensors(resumed))
    # iter_2.pth knows of the one before it.
    with pytest.raises(ValueError, match=r'These were 3 bad updates in a row'):
        train(
            root,
            tmp_path,
            'stopped',
            Poison([2, 3]),
            2,
            resume=tmp_path / 'whole' / 'iter_2.pth',
        )


def test_a_good_run_is_what_it_is_without_the_option(root, tmp_path):
    with_option = train(root, tmp_path, 'with', None, 3)
    without = train(root, tmp_path, 'without', None, 0)
    assert_same(tensors(with_option), tensors(without))


def linear(value=1.0):
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.5))
    return model, wrapper, UpdateGuard(wrapper, model)


@pytest.mark.parametrize('gradient', [NAN, float('inf'), -float('inf')])
def test_a_finite_loss_with_another_gradient(gradient):
    model, wrapper, guard = linear()
    model.weight.register_hook(lambda grad: grad * gradient)
    wrapper.update_params(model.weight.sum())
    assert guard.is_bad
    assert model.weight.item() == 1
    assert model.weight.grad is None  # or it would be in the next one


def test_an_infinite_loss_with_a_finite_gradient():
    model, wrapper, guard = linear()
    wrapper.update_params(model.weight.sum() + float('inf'))
    assert guard.is_bad
    assert model.weight.item() == 1
    wrapper.update_params(model.weight.sum())
    assert not guard.is_bad
    assert model.weight.item() == 0.5


def test_the_largest_gradient_is_finite():
    """Their squares are not: no norm of another order will do."""
    model, wrapper, guard = linear(0.0)
    wrapper.update_params(model.weight.sum() * 1e30)
    assert not guard.is_bad
    assert model.weight.item() == pytest.approx(-5e29)


class ScaledWrapper(AmpOptimWrapper):
    """As on a GPU, which the one of MMEngine insists on."""

    def __init__(self, optimizer, **options):
        OptimWrapper.__init__(self, optimizer, **options)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=8.0)
        self._scale_update_param = None


@needs_torch('2.3', 'a gradient scaler on a CPU')
@pytest.mark.parametrize('clip', [None, dict(max_norm=10.0)])
def test_overflow_alone_is_left_to_the_scaler(clip):
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    wrapper = ScaledWrapper(optimizer, clip_grad=clip)
    guard = UpdateGuard(wrapper, model)
    wrapper.update_params(model.weight.sum() * NAN)
    assert guard.is_bad
    assert wrapper.loss_scaler.get_scale() == 8  # as if it had not been
    wrapper.update_params(model.weight.sum())
    assert model.weight.item() == 0.5
    handle = model.weight.register_hook(lambda grad: grad * torch.inf)
    wrapper.update_params(model.weight.sum())
    handle.remove()
    assert guard.is_bad is False
    assert wrapper.loss_scaler.get_scale() == 4
    wrapper.update_params(model.weight.sum())
    assert model.weight.item() == 0


def test_two_optimisers_are_refused():
    wrappers = OptimWrapperDict(a=linear()[1])
    with pytest.raises(
        ValueError, match=r'for OptimWrapper and AmpOptimWrapper, .* has Opt'
    ):
        UpdateGuard(wrappers, nn.Linear(1, 1))


TWO = """
import torch
import torch.distributed as dist
from mmengine.optim import OptimWrapper
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from xnet_mm.engine.skipped_updates import UpdateGuard

dist.init_process_group('gloo')
rank = dist.get_rank()
model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, affine=False))
for parameter in model.parameters():
    nn.init.ones_(parameter)
ddp = DistributedDataParallel(model, broadcast_buffers=False)
wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1), 2)
guard = UpdateGuard(wrapper, model)
bad = []
for step in range(8):
    x = torch.tensor([[rank + step, 1.0], [3.0, step]])
    with wrapper.optim_context(ddp):
        loss = ddp(x).square().mean() + ddp.module[0].weight.sum()
    if rank == 1 and step == 2:  # not in the iteration that is shared
        loss = loss * torch.nan
    if rank == 0 and step == 5:  # gradients are finite, in both processes
        loss = loss + torch.inf
    before = model[0].weight.sum().item()
    wrapper.update_params(loss)
    moved = model[0].weight.sum().item() != before
    bad.append(f'{guard.is_bad}{moved}')
    guard.is_bad = None
held = [*model.parameters(), model[1].running_mean.isfinite().float()]
with open(f'{rank}.txt', 'w') as file:
    print(bad[1::2], [t.detach().tolist() for t in held], file=file)
dist.destroy_process_group()
"""


def test_two_processes_decide_alike(tmp_path):
    script = tmp_path / 'two.py'
    script.write_text(TWO)
    done = launch(*TORCHRUN, 2, script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = ((tmp_path / f'{i}.txt').read_text() for i in range(2))
    assert "['FalseTrue', 'TrueFalse', 'TrueFalse', 'FalseTrue']" in first
    assert first == second
