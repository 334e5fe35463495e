"""The tool as it is called: address, ends, mistakes."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys

import cv2
import pytest
from app_site import ask, give
from launches import REPO
from shared_models import picture, write_pair
from tool_runs import run_tool

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec('uvicorn') is None, reason="extra 'app'"
)


@needs_extra
@pytest.mark.parametrize(
    ('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_from_start_to_end(tmp_path, number, status):
    pair = write_pair(tmp_path / 'run', 'depth')
    (tmp_path / 'tmp').mkdir()
    process = subprocess.Popen(
        [sys.executable, '-m', 'xnet_mm', 'app', *pair, '--device', 'cpu'],
        cwd=tmp_path,
        env={
            **os.environ,
            'PYTHONPATH': str(REPO),
            'OMP_NUM_THREADS': '1',
            'TMPDIR': str(tmp_path / 'tmp'),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            found = re.match(r'(http://127\.0\.0\.1:\d+) shows', line)
        content = cv2.imencode('.png', picture())[1].tobytes()
        assert give(found[1], 'a.png', content)[1][-1]['state'] == 'done'
        assert ask(found[1])[0] == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == status
    assert 'Traceback' not in errors
    assert errors.endswith('Interrupted.\n') == (number == signal.SIGINT)
    assert [*(tmp_path / 'tmp').glob('xnet_mm-app-*')] == []


@needs_extra
def test_a_port_that_is_taken(tmp_path, monkeypatch):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SystemExit, match=f'--port {port}: another prog'):
            run_tool(monkeypatch, 'app.py', tmp_path, '--port', port)


@needs_extra
def test_no_model(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='no config that a training dumped'):
        run_tool(monkeypatch, 'app.py', tmp_path)
    config, _ = write_pair(tmp_path, 'depth')
    with pytest.raises(SystemExit, match=r'checkpoint not found: no\.pth'):
        run_tool(monkeypatch, 'app.py', config, 'no.pth')


def test_without_the_extra(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name, *rest: None if name == 'uvicorn' else find(name, *rest),
    )
    with pytest.raises(SystemExit) as raised:
        run_tool(monkeypatch, 'app.py', tmp_path)
    assert raised.value.code in (
        'not installed: uvicorn. The page needs it: pip install '
        "'xnet_mm[app]'",
        'not installed: starlette, uvicorn. The page needs them: pip install '
        "'xnet_mm[app]'",
    )
