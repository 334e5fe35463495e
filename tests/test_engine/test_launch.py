"""The command line, merged into a config."""

import atexit
import faulthandler
import sys
from argparse import ArgumentParser
from datetime import timedelta

import pytest
import torch
from launches import launch as run
from mmengine.config import Config
from needs import needs_torch

from xnet_mm.engine.launch import (
    add_launch_arguments,
    crop_size,
    distribute_on_cpu,
    enable_amp,
    existing_file,
    load_config,
    lock_work_dir,
    process_group_closed,
    read_config,
)
from xnet_mm.engine.processes import leave_at_once


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')


def parse(*words):
    parser = ArgumentParser()
    parser.add_argument('config')
    add_launch_arguments(parser)
    return parser.parse_args(list(map(str, words)))


def test_work_dir_of_command_line_then_config_then_name(tmp_path):
    bare, named = tmp_path / 'bare.py', tmp_path / 'named.py'
    bare.write_text('a = dict(b=[1, 2], c=3)')
    named.write_text("work_dir = 'own'")
    assert load_config(parse(bare)).work_dir == 'work_dirs/bare'
    assert load_config(parse(named)).work_dir == 'own'
    cfg = load_config(
        parse(named, '--work-dir', 'x', '--cfg-options', 'a.b=[4,5]')
    )
    assert cfg.work_dir == 'x'
    assert cfg.a.b == [4, 5]


def test_cpu_processes(monkeypatch):
    groups = []
    monkeypatch.setattr(
        torch.distributed,
        'init_process_group',
        lambda *args, **kwargs: groups.append((*args, kwargs)),
    )
    sync = dict(type='SyncBN', requires_grad=True)
    cfg = Config(
        dict(
            launcher='pytorch',
            env_cfg=dict(dist_cfg=dict(backend='nccl', timeout=90)),
            sync_bn='torch',
            find_unused_parameters=True,
            model=dict(
                backbone=dict(norm_cfg=sync),
                heads=[dict(norm_cfg=dict(sync)), dict(type='LN')],
            ),
        )
    )
    distribute_on_cpu(cfg)
    assert groups == [('gloo', dict(timeout=timedelta(seconds=90)))]
    assert cfg.model.backbone.norm_cfg == dict(type='BN', requires_grad=True)
    assert cfg.model.heads[0].norm_cfg.type == 'BN'
    assert cfg.model.heads[1].type == 'LN'
    assert 'sync_bn' not in cfg
    assert cfg.model_wrapper_cfg == dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=True,
        device_ids=None,
    )


def test_amp(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    enable_amp(cfg)
    assert cfg.optim_wrapper == dict(
        type='AmpOptimWrapper', loss_scale='dynamic'
    )
    cfg = Config(dict(optim_wrapper=dict(type='ApexOptimWrapper')))
    with pytest.raises(SystemExit, match='the config has ApexOptimWrapper'):
        enable_amp(cfg)


def test_config_as_the_training_tool_has_it(tmp_path):
    path = tmp_path / 'a.py'
    path.write_text('a = dict(b=[1, 2], c=3)')
    cfg = read_config(str(path), ['a.b=[4,5]', 'd=x'])
    assert cfg.a == dict(b=[4, 5], c=3)
    assert (cfg.d, cfg.launcher) == ('x', 'none')
    assert read_config(str(path)).work_dir == 'work_dirs/a'
    with pytest.raises(SystemExit, match=r'config not found: no\.py'):
        read_config('no.py')
    with pytest.raises(SystemExit, match='is a folder, wanted the config it'):
        read_config(str(tmp_path))


def test_crop_size():
    cfg = Config(dict(model=dict(data_preprocessor=dict(size=[48, 64]))))
    assert crop_size(cfg) == (48, 64)
    cfg.model.data_preprocessor.size = None
    with pytest.raises(SystemExit, match='no crop size: give --size HxW'):
        crop_size(cfg)


@pytest.fixture
def calls(monkeypatch):
    """What is asked of a process group that is there."""
    called = []
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    monkeypatch.setattr(torch.distributed, 'get_rank', lambda: 1)
    for name in ('barrier', 'destroy_process_group'):
        monkeypatch.setattr(
            torch.distributed, name, lambda name=name: called.append(name)
        )
    monkeypatch.setattr(
        atexit, 'register', lambda f, *args: called.append((f, *args))
    )
    return called


def test_all_wait_then_the_group_is_closed(calls):
    @process_group_closed()
    def main():
        assert calls == []
        return 3

    assert main() == 3
    left = (leave_at_once,)
    assert calls == ['barrier', 'destroy_process_group', left]
    assert faulthandler.is_enabled()


@pytest.mark.parametrize('error', [RuntimeError, SystemExit])
def test_after_an_error_nobody_waits(calls, error):
    with pytest.raises(error), process_group_closed():
        raise error('out of memory')
    assert calls == []


def test_after_waiting_for_nothing_it_says_for_whom(calls, monkeypatch):
    text = 'Process 1 has waited too long.*Timed out waiting 9ms'
    with pytest.raises(SystemExit, match=text), process_group_closed():
        raise RuntimeError('Timed out waiting 9ms for recv')
    assert calls == [(leave_at_once, 1)]

    def barrier():
        raise RuntimeError('Timed out waiting 9ms for recv')

    monkeypatch.setattr(torch.distributed, 'barrier', barrier)
    with pytest.raises(SystemExit, match=text), process_group_closed():
        pass


@pytest.mark.parametrize('timeout', [0, -3, 'soon', float('nan'), [5]])
def test_a_timeout_is_a_number_of_seconds(tmp_path, timeout):
    path = tmp_path / 'a.py'
    path.write_text(
        f'env_cfg = dict(dist_cfg=dict(timeout={timeout!r}))'.replace(
            'nan', 'float("nan")'
        )
    )
    with pytest.raises(SystemExit, match=r'timeout=.*: give a number of sec'):
        load_config(parse(path, '--launcher', 'pytorch'))


def test_the_first_process_locks_the_work_dir(tmp_path, monkeypatch):
    locked = []
    monkeypatch.setattr(
        'xnet_mm.engine.launch.lock_folder', lambda *a: locked.append(a)
    )
    cfg = Config(dict(launcher='none', work_dir='w'))
    monkeypatch.setenv('RANK', '1')
    lock_work_dir(cfg)
    cfg.launcher = 'pytorch'
    lock_work_dir(cfg)
    monkeypatch.setenv('RANK', '0')
    lock_work_dir(cfg)
    assert locked == [('w', 'train.lock', 5)] * 2


def test_without_a_group_there_is_nothing_to_close(calls, monkeypatch):
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: False)
    with process_group_closed():
        pass
    assert calls == []


PROGRAM = """
import atexit, sys, threading
from concurrent.futures import ThreadPoolExecutor
import torch
from xnet_mm.engine.launch import process_group_closed

class Last:
    def __del__(self):
        print('taken apart')

last = Last()
atexit.register(print, 'exit handler')
asked = threading.Event()
pool = ThreadPoolExecutor(1)  # left open

def work():
    asked.wait()
    print('thread')

@process_group_closed()
def main():
    if sys.argv[1] == 'group':
        torch.distributed.init_process_group(
            'gloo', store=torch.distributed.HashStore(), rank=0, world_size=1)
    pool.submit(int).result()
    threading.Thread(target=work).start()
    threading.Timer(0.0, asked.set).start()
    if sys.argv[2] == 'fails':
        raise SystemExit('no such file')

main()
"""


# With 2.1 the object that would tell outlives the interpreter.
TAKEN_APART = needs_torch('2.4', 'objects that end with the interpreter')


@pytest.mark.parametrize(
    ('group', 'ends', 'status', 'lines'),
    [
        ('group', 'well', 0, ['thread', 'exit handler']),
        pytest.param(
            *('none', 'well', 0, ['thread', 'exit handler', 'taken apart']),
            marks=TAKEN_APART,
        ),
        pytest.param(
            *('group', 'fails', 1, ['thread', 'exit handler', 'taken apart']),
            marks=TAKEN_APART,
        ),
    ],
)
def test_the_interpreter_is_not_taken_apart_beside_gloos_threads(
    tmp_path, group, ends, status, lines
):
    """Else one of them, late with its last tensor, ends the process."""
    file = tmp_path / 'program.py'
    file.write_text(PROGRAM)
    done = run(sys.executable, file, group, ends, cwd=tmp_path)
    said = ('thread', 'exit handler', 'taken apart')
    found = [line for line in done.stdout.split('\n') if line in said]
    assert (done.returncode, found) == (status, lines)
    assert ('no such file' in done.stderr) == (ends == 'fails')


def test_the_beginning_of_two_configs_names_both():
    short = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120'
    with pytest.raises(SystemExit) as end:
        existing_file(short, 'config')
    assert str(end.value) == (
        f'{short}: 2 configs begin so; wanted one of '
        f'{short}_scenes-both-192x256, {short}_scenes-depth-192x256'
    )
