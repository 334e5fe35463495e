"""From a folder to a model, the whole way, on rooms of a few pixels."""

import json
import os
import signal
import subprocess
import sys

import fit_folders
import numpy as np
import pytest
from rich.console import Console

import xnet_mm
from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.fit import finish, fit, run
from xnet_mm.fit import train as train_module
from xnet_mm.fit.folder.understand import FolderError
from xnet_mm.fit.schedule import Pace
from xnet_mm.fit.tool import StoppedError, run_tool

OPTIONS = dict(task=None, depth_scale=None)


@pytest.fixture
def quick(monkeypatch):
    """A machine that takes a second a step, and has no ONNX."""
    monkeypatch.setattr(
        run, 'measure_pace', lambda *_: Pace(start=0, step=1, image=10)
    )
    monkeypatch.setattr(finish, 'find_spec', lambda name: None)


def call(data, out, minutes=2.0):
    """Twenty iterations, two validations; what the user was told."""
    console = Console(record=True, force_terminal=False, width=100)
    fit(data, out, minutes, console, OPTIONS)
    return console.export_text()


def weights(path):
    return load_checkpoint_file(path)['state_dict']


def last(folder):
    return (folder / 'last_checkpoint').read_text().strip()


def test_labels_all_the_way(tmp_path, monkeypatch, quick):
    monkeypatch.chdir(tmp_path)
    data, out = tmp_path / 'rooms', tmp_path / 'out'
    fit_folders.write_ids(data)
    text = call(data, out)
    assert 'segmentation: 6 images with truth' in text
    assert "No ONNX file: pip install 'xnet_mm[deploy]'" in text
    assert str(out / 'report.html') in text
    state = json.loads((out / 'fit.json').read_text())
    assert state['trained'] is True
    # The model is that of the best validation, and predicts.
    model = xnet_mm.load(out / 'model')
    assert [*(out / 'run').glob('best_mIoU_iter_*.pth')]
    assert model.classes
    image, _, _ = fit_folders.rooms()[0]
    ours, theirs = model(image), xnet_mm.load(out / 'run')(image)
    assert np.array_equal(ours.labels, theirs.labels)
    assert ours.labels.shape == image.shape[:2]
    # Once more: nothing is done again.
    times = {p: p.stat().st_mtime_ns for p in out.rglob('*') if p.is_file()}
    monkeypatch.setattr(run, 'train', None)
    again = call(data, out)
    assert 'Going on' in again
    kept = {p: p.stat().st_mtime_ns for p in times if p.name != 'fit.lock'}
    assert kept == {p: t for p, t in times.items() if p.name != 'fit.lock'}


@pytest.mark.heavy
def test_its_config_gives_the_same_by_the_stock_tool(
    tmp_path, monkeypatch, quick
):
    monkeypatch.chdir(tmp_path)
    data, out = tmp_path / 'rooms', tmp_path / 'out'
    fit_folders.write_ids(data)
    call(data, out)
    run_tool(
        'train',
        [str(out / 'config.py'), '--work-dir', str(tmp_path / 'stock')],
        tmp_path / 'log',
    )
    first, second = (
        weights(last(out / 'run')),
        weights(last(tmp_path / 'stock')),
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.equal(second[name]), name


@pytest.mark.heavy
def test_a_stopped_one_goes_on_to_the_same(tmp_path, monkeypatch, quick):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / 'rooms'
    fit_folders.write_ids(data)
    call(data, tmp_path / 'whole')
    sent = []

    def interrupted(out):
        read = train_module.read_log

        def read_and_stop(folder):
            log = read(folder)
            if log.validations and not sent:
                sent.append(os.kill(os.getpid(), signal.SIGINT))
            return log

        monkeypatch.setattr(train_module, 'read_log', read_and_stop)

    out = tmp_path / 'stopped'
    interrupted(out)
    with pytest.raises(StoppedError):
        call(data, out)
    assert xnet_mm.load(out / 'model').classes  # what there was by then
    assert not json.loads((out / 'fit.json').read_text())['trained']
    call(data, out)
    whole, stopped = (
        weights(last(tmp_path / name / 'run')) for name in ('whole', 'stopped')
    )
    for name, value in whole.items():
        assert value.equal(stopped[name]), name


def test_what_is_not_understood_leaves_nothing(tmp_path, quick):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FolderError, match='no file in it'):
        call(tmp_path / 'empty', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_too_little_time_keeps_what_was_prepared(tmp_path, quick):
    data, out = tmp_path / 'rooms', tmp_path / 'out'
    fit_folders.write_ids(data)
    with pytest.raises(ValueError, match=r'--minutes 0\.5 leaves'):
        call(data, out, minutes=0.5)
    assert {path.name for path in out.iterdir()} == {'data', 'fit.lock'}
    with pytest.raises(ValueError, match=r'--minutes 0\.5 leaves'):
        call(data, out, minutes=0.5)  # and not "of something else"


def test_one_at_a_time(tmp_path, quick):
    pytest.importorskip('fcntl')
    data, out = tmp_path / 'rooms', tmp_path / 'out'
    fit_folders.write_ids(data)
    script = (
        'import sys, time\n'
        'from xnet_mm.fileio.lock import lock_folder\n'
        'lock_folder(sys.argv[1], "fit.lock")\n'
        'print("locked", flush=True)\n'
        'sys.stdin.read()\n'
    )
    with subprocess.Popen(
        [sys.executable, '-c', script, str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert b'locked\n' in iter(other.stdout.readline, b'')
        with pytest.raises(ValueError, match='is in use by process'):
            call(data, out)
        other.stdin.close()
