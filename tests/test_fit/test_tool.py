"""A tool in a process of its own."""

import os
import signal
import threading

import pytest

from xnet_mm.fit import tool
from xnet_mm.fit.tool import StoppedError, ToolFailedError, run_tool


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Puts a tool of some lines where the tools are."""
    monkeypatch.setattr(tool, 'tools_dir', lambda: tmp_path)
    monkeypatch.setattr(tool, 'POLL', 0.01)

    def write(*lines):
        (tmp_path / 'it.py').write_text('\n'.join(lines))

    return write


def test_its_output_goes_to_the_log_and_it_is_watched(script, tmp_path):
    script(
        'import pathlib, sys, time',
        'print("arguments", sys.argv[1:], flush=True)',
        'while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)',
    )
    log, seen = tmp_path / 'a' / 'log', []
    flag = tmp_path / 'flag'

    def watch():
        seen.append(log.read_text())
        if 'arguments' in seen[-1]:
            flag.touch()

    run_tool('it', [str(flag)], log, watch)
    assert seen
    assert log.read_text() == f"arguments ['{flag}']\n"


def test_a_failure_has_its_last_lines_and_none_of_an_earlier_call(
    script, tmp_path
):
    log = tmp_path / 'log'
    log.write_text('of an earlier call\n')
    script(
        'import sys',
        'for i in range(20): print("line", i)',
        'sys.exit("what is wrong")',
    )
    with pytest.raises(ToolFailedError) as caught:
        run_tool('it', [], log)
    text = str(caught.value)
    assert text.startswith(f'it ended with status 1. The end of {log}:\n')
    assert text.endswith('line 19\n  what is wrong')
    assert 'line 9' in text
    assert 'line 8' not in text
    assert 'earlier' not in text


@pytest.mark.parametrize('status', [75, -signal.SIGTERM])
def test_one_that_was_stopped_can_go_on(script, tmp_path, status):
    script(
        'import os, sys',
        f'sys.exit({status}) if {status} > 0 else os.kill(os.getpid(), 15)',
    )
    with pytest.raises(StoppedError):
        run_tool('it', [], tmp_path / 'log')


@pytest.mark.parametrize('signum', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_handed_on_once_and_waited_for(script, tmp_path, signum):
    script(
        'import signal, time',
        'def end(*_):',
        '    print("saved", flush=True)',
        '    raise SystemExit(75)',
        'signal.signal(signal.SIGINT, end)',
        'print("ready", flush=True)',
        'while True: time.sleep(0.01)',
    )
    log = tmp_path / 'log'
    sent = threading.Event()

    def watch():
        if 'ready' in log.read_text() and not sent.is_set():
            sent.set()
            os.kill(os.getpid(), signum)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StoppedError):
        run_tool('it', [], log, watch)
    assert log.read_text() == 'ready\nsaved\n'
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_watcher_that_fails_ends_the_tool(script, tmp_path):
    script(
        'import os, time',
        'print(os.getpid(), flush=True)',
        'while True: time.sleep(0.01)',
    )
    log = tmp_path / 'log'

    def watch():
        if log.read_text().endswith('\n'):
            raise OSError('disk full')

    with pytest.raises(OSError, match='disk full'):
        run_tool('it', [], log, watch)
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)
