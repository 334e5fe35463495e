"""tools/train.py from the outside: killed, resumed, in two processes."""

import json
import multiprocessing
import os
import runpy
import signal
import sys
from pathlib import Path

import mmseg
import pytest
import tiny
import torch
from launches import REPO, launch
from mmengine.registry import RUNNERS

from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.fileio.lock import TRAIN_LOCK, lock_folder
from xnet_mm.visualization import SegPanelVisualizer

STOCK_TRAIN = Path(mmseg.__file__).parent / '.mim' / 'tools' / 'train.py'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


@pytest.fixture
def run(monkeypatch):
    """Run a tool of the repository, or any script, in this process."""
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that

    def run_tool(script, *args):
        # MMEngine keeps one visualiser of each name for the whole process.
        SegPanelVisualizer._instance_dict.clear()
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, args)])
        runpy.run_path(str(REPO / 'tools' / script), run_name='__main__')

    return run_tool


def scalars(work_dir, key):
    """All values of `key` that the newest run wrote, in order."""
    log = sorted(work_dir.glob('*/vis_data/scalars.json'))[-1]
    lines = map(json.loads, log.read_text().splitlines())
    return [line[key] for line in lines if key in line]


KILLER = """
import os, signal
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class KillInValidation(Hook):
    def after_val_iter(self, runner, **kwargs):
        if os.environ.get('KILL') and runner.iter == 4:
            os.kill(os.getpid(), signal.SIGKILL)
"""
USE_KILLER = """
custom_imports = dict(imports=['killer'])
custom_hooks = [
    dict(type='xnet_mm.IterationSeedHook'), dict(type='KillInValidation')]
"""


def test_killed_and_resumed_by_stock_tool(root, tmp_path, run, monkeypatch):
    (tmp_path / 'killer.py').write_text(KILLER)
    monkeypatch.syspath_prepend(tmp_path)
    config = tiny.write_tiny_config(
        tmp_path / 'killed.py', root, iters=6, extra=USE_KILLER
    )
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    result = launch(
        *(sys.executable, STOCK_TRAIN, config, '--work-dir', killed),
        cwd=tmp_path,
        path=[tmp_path],
        KILL='1',
        OMP_NUM_THREADS=str(torch.get_num_threads()),  # as here: bit-equal
    )
    assert result.returncode == -signal.SIGKILL, result.stderr[-2000:]
    last = (killed / 'last_checkpoint').read_text()
    assert last == str(killed / 'iter_4.pth')

    run(STOCK_TRAIN, config, '--work-dir', killed, '--resume')
    renamed = config.with_name('whole.py')  # MMEngine: one run of each name
    renamed.write_text(config.read_text())
    run('train.py', renamed, '--work-dir', whole)

    names = {p.name for p in whole.glob('*.pth')}
    assert {p.name for p in killed.glob('*.pth')} == names
    for name in names:
        a, b = (load_checkpoint_file(w / name) for w in (whole, killed))
        for key, value in a['state_dict'].items():
            assert torch.equal(b['state_dict'][key], value), key
    # The validation that the kill cut short was made up for.
    assert scalars(killed, 'mIoU') == scalars(whole, 'mIoU')[1:]
    assert len(scalars(killed, 'mIoU')) == 2


FIXED_DATA = """
train_dataloader['dataset']['pipeline'] = test_pipeline
val_dataloader['batch_size'] = 1
"""


def test_two_processes_without_gpu_equal_one(root, tmp_path, run):
    common = dict(iters=8, interval=8, dropout=0.0, extra=FIXED_DATA)
    two = tiny.write_tiny_config(tmp_path / '2.py', root, batch=1, **common)
    one = tiny.write_tiny_config(tmp_path / '1.py', root, batch=2, **common)
    result = launch(
        *('bash', REPO / 'tools' / 'dist_train.sh', two, '2'),
        *('--work-dir', tmp_path / '2'),
        cwd=tmp_path,
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
    )
    assert result.returncode == 0, result.stderr[-10000:]
    assert 'gloo, SyncBN -> BN in 1 places' in result.stdout + result.stderr
    run('train.py', one, '--work-dir', tmp_path / '1')
    assert scalars(tmp_path / '2', 'mIoU') == scalars(tmp_path / '1', 'mIoU')
    a, b = (
        load_checkpoint_file(tmp_path / n / 'iter_8.pth')['state_dict']
        for n in '12'
    )
    for key, value in a.items():
        torch.testing.assert_close(b[key], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--resume', 'no.pth'], 'checkpoint not found: no.pth'),
        (['--amp'], '--amp needs a GPU'),
        (['--launcher', 'slurm'], 'slurm needs a GPU.*dist_train.sh'),
    ],
)
def test_clear_errors(root, tmp_path, run, monkeypatch, options, message):
    config = tiny.write_tiny_config(tmp_path / 'refused.py', root)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit, match=message):
        run('train.py', config, *options)


@pytest.fixture
def started(monkeypatch):
    """(resume, checkpoint) of each training; nothing is trained."""
    found = []

    class Started:
        def __init__(self, cfg):
            self.resume, self._load_from = cfg.resume, cfg.load_from

        def train(self):
            found.append((self.resume, self._load_from))

    Started.from_cfg = Started
    monkeypatch.setattr(RUNNERS, 'get', lambda _: Started)
    return found


def test_resume_goes_on_from_the_last_one(tmp_path, run, started):
    """Not from `load_from` again, nor from where the folder was once."""
    config = tiny.write_tiny_config(tmp_path / 'a.py', tmp_path)
    work_dir = tmp_path / 'work'
    options = (config, '--work-dir', work_dir, '--resume')
    fine_tune = ('--cfg-options', f'load_from={config}')
    run('train.py', *options)
    run('train.py', *options, *fine_tune)
    (work_dir / 'last_checkpoint').write_text('/moved/iter_2.pth')
    last = work_dir / 'iter_2.pth'
    last.touch()
    run('train.py', *options)
    run('train.py', *options, *fine_tune)
    run('train.py', *options, config)
    assert started == [
        (True, None),
        (False, str(config)),
        (True, str(last)),
        (True, str(last)),
        (True, str(config)),
    ]


def hold(folder, pipe):
    lock_folder(folder, TRAIN_LOCK)
    pipe.send('held')
    pipe.recv()


def test_a_second_training_writes_nothing(tmp_path, run, started, monkeypatch):
    work_dir = tmp_path / 'work'
    config = tiny.write_tiny_config(tmp_path / 'a.py', tmp_path)
    fork = multiprocessing.get_context('fork')
    here, there = fork.Pipe()
    process = fork.Process(target=hold, args=(work_dir, there))
    process.start()
    assert here.recv() == 'held'
    monkeypatch.setattr('xnet_mm.engine.launch.PATIENCE', 0)
    text = f'{work_dir} is in use by process {process.pid} on .*--work-dir'
    with pytest.raises((ValueError, SystemExit), match=text):
        run('train.py', config, '--work-dir', work_dir)
    assert [p.name for p in work_dir.iterdir()] == [TRAIN_LOCK]
    assert not started
    here.send('go')
    process.join()
    run('train.py', config, '--work-dir', work_dir)
    assert started


def test_missing_config(run):
    with pytest.raises(SystemExit, match=r'config not found: no\.py'):
        run('train.py', 'no.py')


@pytest.mark.parametrize('text', ['', 'train_cfg = None', 'model = None'])
def test_a_config_without_a_model(run, tmp_path, text):
    (tmp_path / 'bare.py').write_text(text)
    with pytest.raises(SystemExit, match='model is None, wanted model=dict'):
        run('train.py', tmp_path / 'bare.py', '--work-dir', tmp_path / 'work')
    assert not (tmp_path / 'work').exists()
