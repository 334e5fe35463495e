"""Sockets, and the sentences about those that are not to be had."""

import re
import socket

import pytest

pytest.importorskip('uvicorn', reason="extra 'app'")

from xnet_mm.app import serve as module
from xnet_mm.app.serve import listen, serve


@pytest.fixture
def taken():
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield server.getsockname()[1]


def test_the_first_free_port(taken, monkeypatch):
    monkeypatch.setattr(module, 'FIRST_PORT', taken)
    with listen('127.0.0.1', None) as found:
        address, number = found.getsockname()
        assert address == '127.0.0.1' and taken < number < taken + 100


def test_a_port_that_is_taken(taken):
    with pytest.raises(ValueError, match=f'^--port {taken}: another program'):
        listen('127.0.0.1', taken)


def test_no_port_is_free(taken, monkeypatch):
    monkeypatch.setattr(module, 'FIRST_PORT', taken)
    monkeypatch.setattr(module, 'TRIES', 1)
    with pytest.raises(ValueError, match=f'no free port from {taken} to'):
        listen('127.0.0.1', None)


@pytest.mark.parametrize('host', ['192.0.2.1', 'no.such.host.invalid', '.'])
def test_no_address_of_this_machine(host):
    with pytest.raises(ValueError, match=f'^--host {re.escape(host)}: '):
        listen(host, None)


@pytest.mark.parametrize(
    ('host', 'hosts'),
    [
        ('127.0.0.1', {'127.0.0.1', 'localhost', '[::1]'}),
        ('0.0.0.0', None),
    ],
)
def test_only_loopback_is_quiet(host, hosts, monkeypatch, capsys):
    seen = {}

    class Site:
        def __init__(self, model, folder):
            assert model == 'model' and folder.is_dir()
            seen['folder'] = folder

        def app(self, hosts):
            seen['hosts'] = hosts

    monkeypatch.setattr(module, 'Site', Site)
    monkeypatch.setattr(
        module.uvicorn.Server, 'run', lambda self, sockets: None
    )
    monkeypatch.setattr(module.signal, 'signal', lambda *args: None)
    with listen(host, None) as listening:
        number = listening.getsockname()[1]
        serve('model', listening)
    said = capsys.readouterr().out
    assert f'http://{host}:{number} shows the page' in said
    assert ('Warning: who reaches' in said) == (hosts is None)
    assert seen['hosts'] == hosts and not seen['folder'].exists()
