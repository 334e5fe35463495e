"""The bar and the figures of a training that is watched."""

import json

import pytest
from rich.console import Console

from xnet_mm.fit import train as module
from xnet_mm.fit.tool import ToolFailedError


def write_log(folder, *lines):
    path = folder / 'run/20260101_000000/vis_data/scalars.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))


def test_each_validation_is_told_once(tmp_path, monkeypatch):
    calls = []

    def run_tool(name, arguments, log, watch):
        calls.append((name, arguments, log))
        watch()  # no log yet
        write_log(tmp_path, dict(step=10, loss=2.5))
        watch()
        lines = (
            dict(step=10, loss=2.5),
            dict(step=10, mIoU=12.5),
            dict(step=20, loss=1.0),
        )
        write_log(tmp_path, *lines)
        watch()
        watch()
        write_log(tmp_path, *lines, dict(step=20, mIoU=25.0))

    monkeypatch.setattr(module, 'run_tool', run_tool)
    console = Console(record=True, force_terminal=False, width=100)
    module.train(tmp_path, tmp_path / 'config.py', 20, 'mIoU', console)
    assert calls == [
        (
            'train',
            [
                str(tmp_path / 'config.py'),
                '--work-dir',
                str(tmp_path / 'run'),
                '--resume',
            ],
            tmp_path / 'fit.log',
        )
    ]
    text = console.export_text()
    assert text.count('iteration 10: mIoU 12.5') == 1
    assert text.count('iteration 20: mIoU 25\n') == 1
    assert '20/20' in text
    assert 'loss 1.000' in text


def test_what_stops_it_is_passed_on(tmp_path, monkeypatch):
    def run_tool(*_):
        raise ToolFailedError('why')

    monkeypatch.setattr(module, 'run_tool', run_tool)
    with pytest.raises(ToolFailedError, match='why'):
        module.train(tmp_path, tmp_path / 'c.py', 2, 'mIoU', Console())
