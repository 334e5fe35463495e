"""Files from URLs: one file a URL, whole or not there."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from xnet_mm.fileio.download import cached_download, cached_path
from xnet_mm.models.weights import read_state


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        self.server.asked.append(self.path)

    def do_GET(self):
        if 'short' in self.path:  # fewer bytes than were promised
            self.send_response(200)
            self.send_header('Content-Length', '1000')
            self.end_headers()
            self.wfile.write(b'x' * 10)
            self.close_connection = True
            self.log_message()
        else:
            super().do_GET()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A site on the loopback, and PyTorch's hub in an own folder."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    site = tmp_path / 'site'
    for folder, value in (('a', 1.0), ('b', 2.0)):
        (site / folder).mkdir(parents=True)
        state = dict(w=torch.full((2,), value))
        torch.save(state, site / folder / 'weights.pth')
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        server.asked = []
        server.url = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_two_urls_are_two_files(server):
    for _ in range(2):
        for folder, value in (('a', 1), ('b', 2), ('b', 2)):
            state = read_state(f'{server.url}/{folder}/weights.pth')
            assert state['w'].tolist() == [value, value]
    assert len(server.asked) == 2  # each once


def test_the_query_belongs_to_the_name(server):
    one, two = (
        cached_download(f'{server.url}/a/weights.pth?version={v}')
        for v in (1, 2)
    )
    assert one != two
    assert one.name.endswith('-weights.pth')


@pytest.mark.parametrize('name', ['nowhere.pth', 'short.pth'])
def test_what_fails_leaves_nothing(server, name):
    url = f'{server.url}/{name}'
    with pytest.raises(ValueError, match=f'{name} cannot be fetched'):
        cached_download(url)
    folder = cached_path(url).parent
    assert [p.name for p in folder.iterdir()] == ['downloads.lock']


@pytest.mark.parametrize(
    'url', ['http://h/../../etc/passwd', 'http://h/', 'http://h/%2e%2e/a b']
)
def test_names_stay_in_their_folder(url):
    path = cached_path(url)
    assert path.parent.name == 'checkpoints'
    assert '/' not in path.name and ' ' not in path.name
