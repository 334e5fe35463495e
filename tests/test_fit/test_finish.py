"""What a fit leaves behind."""

import json
import os

import pytest
from rich.console import Console

from xnet_mm.fit import finish as module
from xnet_mm.fit.state import State
from xnet_mm.fit.tool import ToolFailedError
from xnet_mm.prediction.run_folder import Run

STATE = State('data', 'depth', 10.0, ['understood'], trained=True)


TESTED = (
    'Of the test images, by the best by abs_rel: abs_rel 0.1235, d1 0.9000.'
)


def write_test(out):
    """As MMEngine's test loop does."""
    folder = out / 'test/20200101_000000'
    folder.mkdir(parents=True)
    figures = dict(abs_rel=0.12346, d1=0.9, sq_rel=0.5, time=0.1)
    (folder / f'{folder.name}.json').write_text(json.dumps(figures))


@pytest.fixture
def done(tmp_path, monkeypatch):
    """A trained run; the list of what is done with it."""
    checkpoint = tmp_path / 'run/best.pth'
    checkpoint.parent.mkdir()
    checkpoint.touch()
    os.utime(checkpoint, (1000, 1000))
    run = Run(tmp_path / 'run/c.py', checkpoint, 'the best by abs_rel')
    calls = []

    class Model:
        def save_pretrained(self, folder, name):
            calls.append(('save', folder.name, name))
            folder.mkdir(exist_ok=True)
            (folder / 'model.safetensors').touch()

    def run_tool(tool, arguments, log):
        calls.append((tool, *arguments[2:]))
        if tool == 'export':
            (tmp_path / 'model.onnx').touch()
        else:
            write_test(tmp_path)

    def write_report(folder, out, title, notes):
        calls.append(('report', folder.name, title, notes))
        out.touch()

    monkeypatch.setattr(module, 'find_run', lambda folder: run)
    monkeypatch.setattr(module, 'load', lambda folder, device: Model())
    monkeypatch.setattr(module, 'run_tool', run_tool)
    monkeypatch.setattr(module, 'write_report', write_report)
    monkeypatch.setattr(module, 'find_spec', lambda name: True)
    return calls


def finish(out, has_test=True):
    console = Console(record=True, force_terminal=False, width=200)
    lines = module.finish(out, STATE, has_test, console)
    return '\n'.join(lines), console.export_text()


def test_all_of_it_and_nothing_twice(tmp_path, done):
    told, said = finish(tmp_path)
    assert said.strip() == TESTED
    assert done == [
        ('save', 'model', tmp_path.name),
        ('test', '--work-dir', str(tmp_path / 'test')),
        ('export', str(tmp_path / 'model.onnx')),
        ('report', 'run', tmp_path.name, ['understood', TESTED]),
    ]
    for name in ('report.html', 'model', 'model.onnx', 'config.py'):
        assert str(tmp_path / name) in told
    done.clear()
    _, said = finish(tmp_path)
    assert done == []
    assert said.strip() == TESTED


def test_a_test_that_was_stopped_is_done_again(tmp_path, done):
    (tmp_path / 'test/20190101_000000/vis_data').mkdir(parents=True)
    finish(tmp_path)
    assert 'test' in [call[0] for call in done]


def test_newer_weights_are_finished_again(tmp_path, done):
    finish(tmp_path, has_test=False)
    done.clear()
    later = (tmp_path / 'report.html').stat().st_mtime + 10
    os.utime(tmp_path / 'run/best.pth', (later, later))
    finish(tmp_path, has_test=False)
    assert [call[0] for call in done] == ['save', 'export', 'report']


def test_without_onnx_it_says_how_to_get_it(tmp_path, done, monkeypatch):
    monkeypatch.setattr(module, 'find_spec', lambda name: None)
    told, said = finish(tmp_path, has_test=False)
    assert "No ONNX file: pip install 'xnet_mm[deploy]'" in said
    assert 'model.onnx' not in told
    notes = done[-1][3]
    assert notes == ['understood', said.strip()]


def test_an_export_that_fails_is_said_and_the_rest_is_there(
    tmp_path, done, monkeypatch
):
    def fails(tool, arguments, log):
        if tool == 'export':
            raise ToolFailedError('too large')
        write_test(tmp_path)
        done.append((tool,))

    monkeypatch.setattr(module, 'run_tool', fails)
    _, said = finish(tmp_path)
    assert 'No ONNX file: too large' in said
    assert [call[0] for call in done] == ['save', 'test', 'report']
