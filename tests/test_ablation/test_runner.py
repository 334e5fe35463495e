"""Trainings side by side: which are started, when, what becomes of them."""

import multiprocessing
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from ablations import FAKE_TRAIN, make_plan, write_configs

from xnet_mm.ablation import runner
from xnet_mm.fileio.lock import lock_folder

FORK = multiprocessing.get_context('fork')


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # reading a config sets it
    monkeypatch.chdir(tmp_path)
    Path('train.py').write_text(FAKE_TRAIN)


def train(runs, jobs=1):
    """Problems of the runs, and how often a run got finished."""
    finished = []
    problems = runner.train(
        runs, Path('train.py'), jobs, lambda: finished.append(1)
    )
    return problems, len(finished)


def started():
    return Path('started.txt').read_text().splitlines()


def test_first_seed_of_every_config_first_and_nothing_twice():
    configs = write_configs(a='', b='')
    runs = make_plan(configs, [1, 0, 1], ['x.y=1', 'z=[1,2]'])
    assert train(runs) == ([], 4)
    assert started() == ['a 1', 'b 1', 'a 0', 'b 0']
    assert Path('work/b/seed-0/out.log').read_text().splitlines() == [
        'arguments b.py --work-dir work/b/seed-0 --resume --cfg-options '
        'x.y=1 z=[1,2] randomness.seed=0',
        f'locked by process {os.getpid()}',
    ]
    assert train(runs, jobs=2) == ([], 0)
    assert len(started()) == 4


def test_a_failed_run_is_shown_and_the_others_run():
    configs = write_configs(a='fails = 1', b='unvalidated = 1', c='')
    problems, finished = train(make_plan(configs, [0]), jobs=2)
    assert finished == 1
    assert sorted(started()) == ['a 0', 'b 0', 'c 0']
    failed, unvalidated = sorted(problems)
    assert failed.startswith(
        'a, seed 0: exit status 1. The end of work/a/seed-0/out.log:\n'
    )
    assert failed.endswith('\n  no such data')
    assert 'b, seed 0: exit status 0, but no validation at 2' in unvalidated


def hold(folder, name, pipe):
    lock_folder(folder, name)
    pipe.send('held')
    pipe.recv()


@contextmanager
def held_elsewhere(folder, name):
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold, args=(folder, name, there))
    process.start()
    assert here.recv() == 'held'
    yield
    here.send('go')
    process.join()


@pytest.mark.parametrize('lock', ['lock', 'train.lock'])
def test_interrupted_trainings_are_stopped_and_go_on_later(lock):
    (config,) = write_configs(a='interrupts = 1')
    runs = make_plan([config], [0])
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(runs)
    finally:
        signal.signal(signal.SIGTERM, before)
    (pid,) = Path('work').rglob('pid')
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    with held_elsewhere(runs[0].folder, lock):
        problems = train(runs)[0]
    assert problems == ['a, seed 0: another instance is training it.']
    pid.unlink()
    pid.with_name('config.py').unlink()
    pid.parent.rmdir()
    write_configs(a='')
    assert train(make_plan([config], [0])) == ([], 1)


def test_each_training_has_its_gpu_or_its_share_of_the_cores(monkeypatch):
    environments = runner.slot_environments
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    monkeypatch.setattr(os, 'cpu_count', lambda: 7)
    assert environments(1) == [{}]
    assert environments(2) == [{'OMP_NUM_THREADS': '3'}] * 2
    assert environments(9)[8] == {'OMP_NUM_THREADS': '1'}
    monkeypatch.setenv('OMP_NUM_THREADS', '5')
    assert environments(2) == [{}, {}]
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    gpus = [e['CUDA_VISIBLE_DEVICES'] for e in environments(3)]
    assert gpus == ['0', '1', '0']
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '6,3')
    gpus = [e['CUDA_VISIBLE_DEVICES'] for e in environments(2)]
    assert gpus == ['6', '3']
