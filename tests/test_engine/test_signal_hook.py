"""Stopped by a signal and resumed, a training ends as an uninterrupted one."""

import logging
import multiprocessing
import os
import signal
import threading
from types import SimpleNamespace

import pytest
import tiny
from launches import REPO, TORCHRUN, launch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from xnet_mm.engine import SafeCheckpointHook, StopOnSignalHook, signal_hook
from xnet_mm.fileio.checkpoint import load_checkpoint_file

FORK = multiprocessing.get_context('fork')


@HOOKS.register_module()
class SendSignal(Hook):
    """Sends one to this process at a chosen moment."""

    priority = 'VERY_HIGH'

    def __init__(self, stage, number, name='SIGTERM'):
        self.stage, self.number = stage, number
        self.signal = getattr(signal, name)

    def send(self, stage, number):
        if (stage, number) == (self.stage, self.number):
            os.kill(os.getpid(), self.signal)

    def before_train_iter(self, runner, **kwargs):
        self.send('load', runner.iter)

    def after_train_iter(self, runner, **kwargs):
        self.send('train', runner.iter + 1)
        if self.stage == 'error':
            raise RuntimeError('of the user')

    def after_val_iter(self, runner, batch_idx, **kwargs):
        self.send('val', runner.iter * 10 + batch_idx)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


def train(root, work_dir, send=None, resume=False):
    """Train 4 iterations, validate at 2 and 4."""
    name = f'{work_dir.parent.name}-{work_dir.name}-{resume}'
    path = tiny.write_tiny_config(work_dir.parent / f'{name}.py', root)
    cfg = Config.fromfile(path)
    cfg.work_dir, cfg.log_level = str(work_dir), 'WARNING'
    cfg.visualizer.name = name
    if send:
        cfg.custom_hooks.append(dict(type='SendSignal', **send))
    if resume:
        cfg.resume = True
    Runner.from_cfg(cfg).train()


@pytest.fixture(scope='module')
def whole(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp('signals') / 'whole'
    train(root, folder)
    return state(folder)


def state(folder):
    """All that a run has, but for what its time of day was."""
    last = load_checkpoint_file((folder / 'last_checkpoint').read_text())
    history = {
        key: buffer.data[0].tolist()
        for key, buffer in last['message_hub']['log_scalars'].items()
        if 'time' not in key and 'memory' not in key
    }
    weights = last['state_dict'], last['optimizer'], last['param_schedulers']
    names = {p.name for p in folder.iterdir() if p.is_file()}
    return str(weights), history, {n for n in names if not n.endswith('.py')}


@pytest.mark.parametrize(
    ('stage', 'number', 'name', 'saved'),
    [
        ('train', 1, 'SIGINT', 1),
        ('train', 4, 'SIGUSR1', 4),  # saved in its turn
        ('val', 22, 'SIGTERM', 2),
        ('load', 2, 'SIGTERM', 3),
    ],
)
def test_ends_as_uninterrupted(
    root, tmp_path, whole, stage, number, name, saved
):
    handlers = [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)]
    signal.set_wakeup_fd(-1)  # an error may have ended an earlier training
    folder = tmp_path / 'run'
    send = dict(stage=stage, number=number, name=name)
    with pytest.raises(SystemExit) as stop:
        train(root, folder, send)
    assert stop.value.code == 75
    last = (folder / 'last_checkpoint').read_text()
    assert last == str(folder / f'iter_{saved}.pth')
    assert len(list(folder.glob('iter_*.pth'))) == 1
    after = [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)]
    assert after == handlers
    assert signal.set_wakeup_fd(-1) == -1
    train(root, folder, resume=True)
    for mine, expected in zip(state(folder), whole, strict=True):
        assert mine == expected


def test_before_the_first_iteration_nothing_is_written(root, tmp_path):
    folder = tmp_path / 'run'
    with pytest.raises(SystemExit) as stop:
        train(root, folder, dict(stage='load', number=0))
    assert stop.value.code == 75
    assert not [*folder.glob('*.pth'), *folder.glob('last*')]


def hook_and_runner(loop=IterBasedTrainLoop, counts=1, saver=None, step=3):
    hook = StopOnSignalHook()
    hook._signum = signal.SIGTERM
    runner = SimpleNamespace(
        optim_wrapper=SimpleNamespace(_accumulative_counts=counts),
        train_loop=object.__new__(loop),
        hooks=[saver] if saver else [],
        logger=logging.getLogger('stop'),
        visualizer=SimpleNamespace(close=lambda: None),
        iter=step,
        epoch=0,
        max_iters=100,
    )
    return hook, runner


def test_accumulated_gradients_are_not_lost():
    hook, runner = hook_and_runner(counts=4)
    for step in (1, 2, 3, 6):
        hook._stop(runner, step)
    for step in (4, 8, 100):
        with pytest.raises(SystemExit):
            hook._stop(runner, step)


def test_an_epoch_is_whole_or_not_there(caplog):
    saver = SafeCheckpointHook(by_epoch=True)
    saver.last_ckpt = 'epoch_2.pth'
    caplog.set_level('INFO')
    hook, runner = hook_and_runner(EpochBasedTrainLoop, saver=saver)
    with pytest.raises(SystemExit):
        hook._stop(runner, 5)
    assert 'after iteration 5; resumes at a whole epoch: epoch_2.pth' in (
        caplog.text
    )


@pytest.mark.parametrize('name', ['SIGKILL', 'SIGTREM', 15])
def test_no_such_signal(name):
    with pytest.raises(ValueError, match=f'{name!r} is no signal that can'):
        StopOnSignalHook(signals=['SIGTERM', name])


def twice(relay):
    signal_hook.RELAY = relay
    signal_hook._is_within_loop = lambda frame: True  # there is no run
    hook = StopOnSignalHook()
    hook._listen()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    if relay > 0:
        os._exit(hook.received)
    threading.Event().wait()


@pytest.mark.parametrize(('relay', 'status'), [(-1, 143), (1e9, 2)])
def test_a_second_signal_ends_at_once_but_no_relayed_one(relay, status):
    process = FORK.Process(target=twice, args=(relay,))
    process.start()
    process.join()
    assert process.exitcode == status


SENDER = """
import os, signal
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class InOneProcess(Hook):
    def __init__(self, what):
        self.what = what

    def before_run(self, runner):
        # torchrun of PyTorch 2.1 starts all in the group of the test suite.
        if os.getpgrp() != os.getpid():
            os.setpgrp()

    def after_train_iter(self, runner, **kwargs):
        if runner.rank != 1 or runner.iter != 2:
            return
        if self.what == 'signal':  # to the data workers too
            os.killpg(os.getpgrp(), signal.SIGTERM)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pause()
"""


def train_two(root, folder, what):
    (folder / 'sender.py').write_text(SENDER)
    extra = f"""
custom_imports = dict(imports=['sender'])
custom_hooks = [
    dict(type='xnet_mm.IterationSeedHook'),
    dict(type='xnet_mm.StopOnSignalHook'),
    dict(type='InOneProcess', what={what!r})]
env_cfg = dict(dist_cfg=dict(timeout=5))
train_dataloader.update(num_workers=2, persistent_workers=True)
"""
    config = tiny.write_tiny_config(
        folder / 'two.py', root, iters=8, interval=4, extra=extra
    )
    return launch(
        *(*TORCHRUN, 2, REPO / 'tools/train.py', config),
        *('--launcher', 'pytorch', '--work-dir', folder / 'run'),
        cwd=folder,
        path=[folder],
    )


def test_a_signal_to_one_of_two_processes_stops_both(root, tmp_path):
    done = train_two(root, tmp_path, 'signal')
    said = done.stdout + done.stderr
    assert done.returncode, said
    assert done.stderr.count('exitcode  : 75') == 2, said[-5000:]
    assert 'Stopped by SIGTERM after iteration 3' in said
    last = tmp_path / 'run' / 'iter_3.pth'
    assert (tmp_path / 'run/last_checkpoint').read_text() == str(last)
    assert load_checkpoint_file(last)['meta']['iter'] == 3


@pytest.mark.heavy
def test_a_process_that_hangs_does_not_keep_the_other(root, tmp_path):
    done = train_two(root, tmp_path, 'hang')
    assert done.returncode
    assert 'Process 0 has waited too long for another one' in done.stderr
    assert 'Timed out waiting 5000ms' in done.stderr
    assert 'raise env_cfg.dist_cfg.timeout' in done.stderr


def test_after_an_error_signals_are_as_before(root, tmp_path):
    signal.set_wakeup_fd(-1)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(RuntimeError, match='of the user'):
            train(root, tmp_path / 'run', dict(stage='error', number=1))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, old)
