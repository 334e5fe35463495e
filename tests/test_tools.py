"""The command-line tools, from the outside."""

import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import mmseg
import numpy as np
import pytest
import tiny
import torch

from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.visualization import SegPanelVisualizer

REPO = Path(__file__).resolve().parents[1]
STOCK_TRAIN = Path(mmseg.__file__).parent / '.mim' / 'tools' / 'train.py'
PATHS = [str(REPO), *filter(None, [os.environ.get('PYTHONPATH')])]
ENV = {
    **os.environ,
    'PYTHONPATH': os.pathsep.join(PATHS),
    'OMP_NUM_THREADS': '1',
}


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
    path = os.pathsep.join([str(tmp_path), ENV['PYTHONPATH']])
    result = subprocess.run(
        [sys.executable, STOCK_TRAIN, config, '--work-dir', killed],
        env={**ENV, 'KILL': '1', 'PYTHONPATH': path},
        capture_output=True,
        text=True,
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
    result = subprocess.run(
        [
            *('bash', REPO / 'tools' / 'dist_train.sh', two, '2'),
            *('--work-dir', tmp_path / '2'),
        ],
        env={
            **ENV,
            'CUDA_VISIBLE_DEVICES': '',
            'PORT': str(20000 + os.getpid() % 20000),
            'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert 'gloo, SyncBN -> BN in 1 places' in result.stdout + result.stderr
    run('train.py', one, '--work-dir', tmp_path / '1')
    assert scalars(tmp_path / '2', 'mIoU') == scalars(tmp_path / '1', 'mIoU')
    a, b = (
        load_checkpoint_file(tmp_path / n / 'iter_8.pth')['state_dict']
        for n in '12'
    )
    for key, value in a.items():
        torch.testing.assert_close(b[key], value, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope='module')
def trained(root, tmp_path_factory):
    """Config and checkpoint of a tiny run."""
    folder = tmp_path_factory.mktemp('trained')
    config = tiny.write_tiny_config(folder / 'trained.py', root, iters=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys, 'argv', ['', str(config), '--work-dir', str(folder / 'work')]
        )
        patch.setenv('LOCAL_RANK', '0')
        runpy.run_path(str(REPO / 'tools/train.py'), run_name='__main__')
    return config, folder / 'work' / 'iter_2.pth'


@pytest.mark.parametrize('tta', [(), ('--tta',)])
def test_test_writes_table_labels_pictures(
    trained, tmp_path, run, capfd, root, tta
):
    config, checkpoint = trained
    own = tmp_path / f'test{len(tta)}.py'
    own.write_text(config.read_text())
    out, show = tmp_path / 'out', tmp_path / 'show'
    run(
        *('test.py', own, checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', out, '--show-dir', show, *tta),
    )
    printed = ''.join(capfd.readouterr())
    pictures = show / 'vis_data' / 'vis_image'
    assert '| class 2 |' in printed
    assert f'Pictures: {pictures}' in printed
    assert len(list(pictures.glob('test_*_*.png'))) == 6
    labels = cv2.imread(str(out / '0.png'), cv2.IMREAD_UNCHANGED)
    assert labels.shape == (48, 64)
    assert labels.dtype == np.uint8
    assert labels.max() < 3


def test_predict_a_folder(trained, tmp_path, run, root):
    config, checkpoint = trained
    source, out = tmp_path / 'in', tmp_path / 'out'
    (source / 'sub').mkdir(parents=True)
    image = cv2.imread(str(root / 'images' / '0.png'))
    names = {'a.png': 'a.png', 'sub/b.png': 'sub/b.png.png'}
    names['sub/b.bmp'] = 'sub/b.bmp.png'  # the same stem
    for name in names:
        cv2.imwrite(str(source / name), image)
    cv2.imwrite(str(source / 'wide.png'), np.hstack([image, image]))
    (source / 'broken.jpg').write_bytes(b'no image')
    with pytest.raises(SystemExit, match=r'cannot read them:\n.*broken\.jpg'):
        run(
            *('predict.py', config, checkpoint, source, '--out-dir', out),
            *('--batch-size', 2, '--opacity', 1, '--device', 'cpu'),
        )
    found = {str(p.relative_to(out)) for p in out.rglob('*') if p.is_file()}
    outputs = {*names.values(), 'wide.png'}
    assert found == {'legend.png'} | {
        f'{kind}/{name}' for kind in ('labels', 'overlays') for name in outputs
    }
    shapes = {}
    for name in outputs:
        labels = cv2.imread(str(out / 'labels' / name), -1)
        overlay = cv2.imread(str(out / 'overlays' / name))
        shapes[name] = labels.shape
        # Opaque: the overlay is the palette's colour of the label.
        colours = np.array(tiny.PALETTE, np.uint8)[labels]
        assert np.array_equal(overlay[..., ::-1], colours)
    assert shapes.pop('wide.png') == (48, 128)
    assert set(shapes.values()) == {(48, 64)}


def test_predict_a_video(trained, tmp_path, run, root):
    config, checkpoint = trained
    source, out = tmp_path / 'v.avi', tmp_path / 'out'
    writer = cv2.VideoWriter(
        str(source), cv2.VideoWriter_fourcc(*'MJPG'), 5, (64, 48)
    )
    for i in range(3):
        writer.write(cv2.imread(str(root / 'images' / f'{i}.png')))
    writer.release()
    run(
        *('predict.py', config, checkpoint, source, '--out-dir', out),
        *('--batch-size', 2, '--device', 'cpu'),
    )
    labels = sorted(p.name for p in (out / 'labels' / 'v').iterdir())
    assert labels == ['000000.png', '000001.png', '000002.png']
    overlays = [p.name for p in (out / 'overlays').iterdir()]
    assert overlays == ['v.mp4']
    video = cv2.VideoCapture(str(out / 'overlays' / 'v.mp4'))
    frames = list(iter(lambda: video.grab(), False))
    assert len(frames) == 3


def test_clear_errors(trained, tmp_path, run, root, monkeypatch):
    config, checkpoint = trained
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    out = ('--out-dir', tmp_path)
    for message, *args in (
        ('config not found: no.py', 'train.py', 'no.py'),
        (
            'checkpoint not found: no.pth',
            *('train.py', config, '--resume', 'no.pth'),
        ),
        ('checkpoint not found: no.pth', 'test.py', config, 'no.pth'),
        ('--amp needs a GPU', 'train.py', config, '--amp'),
        (
            'slurm needs a GPU.*dist_train.sh',
            *('train.py', config, '--launcher', 'slurm'),
        ),
        ('input not found', 'predict.py', config, checkpoint, 'no', *out),
        (
            'no images below',
            *('predict.py', config, checkpoint, tmp_path, *out),
        ),
    ):
        with pytest.raises(SystemExit, match=message):
            run(*args)
    other = tiny.write_tiny_config(tmp_path / 'five.py', root, num_classes=5)
    with pytest.raises(SystemExit, match='not a checkpoint of this config'):
        run('predict.py', other, checkpoint, root / 'images' / '0.png', *out)
