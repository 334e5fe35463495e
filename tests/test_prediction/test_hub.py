"""Uploads and downloads, against a stand-in for the hub."""

import json
from pathlib import Path

import huggingface_hub
import pytest
from shared_models import load_pair

from xnet_mm.prediction.hub import download, is_hub_name, upload


class Hub:
    """Keeps what it is told."""

    calls: list

    def __init__(self, token=None):
        type(self).calls = [('token', token)]

    def create_repo(self, repo_id, private=None, exist_ok=False):
        self.calls.append((repo_id, private, exist_ok))
        return f'https://hub.example/{repo_id}'

    def upload_folder(self, *, repo_id, folder_path, **kwargs):
        files = {p.name: p.read_text(errors='replace')
                 for p in Path(folder_path).iterdir()}  # fmt: skip
        self.calls.append((repo_id, files, kwargs))


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(huggingface_hub, 'HfApi', Hub)
    return Hub


def test_a_model_is_pushed(tmp_path, hub):
    model = load_pair(tmp_path, 'depth')
    found = model.push_to_hub(
        *('me/rooms',),
        private=True,
        token='secret',
        figures=dict(abs_rel=0.25),
        license='mit',
        commit_message='first',
    )
    assert found == 'https://hub.example/me/rooms'
    token, repo, (name, files, options) = hub.calls
    assert token == ('token', 'secret')
    assert repo == ('me/rooms', True, True)
    assert (name, options) == ('me/rooms', dict(commit_message='first'))
    assert files.keys() == {'config.json', 'model.safetensors', 'README.md'}
    assert json.loads(files['config.json'])['max_depth'] == 8.0
    assert '# rooms\n' in files['README.md']
    assert '| abs_rel | 0.25 |' in files['README.md']
    assert "license: 'mit'" in files['README.md']
    assert 'secret' not in str(files)


def test_the_defaults_of_an_upload(tmp_path, hub):
    (tmp_path / 'a').write_text('b')
    upload(tmp_path, 'me/x')
    message = dict(commit_message='Upload by xnet_mm')
    assert hub.calls == [
        *(('token', None), ('me/x', False, True)),
        ('me/x', dict(a='b'), message),
    ]


@pytest.mark.parametrize(
    ('text', 'good'),
    [
        ('me/rooms', True),
        ('Me-1/ro.oms_2', True),
        ('rooms', False),
        ('/rooms', False),
        ('../rooms', False),
        ('me/../rooms', False),
        ('me/..', False),
        ('./rooms', False),
        ('a/b/c', False),
        ('me/rooms/', False),
        ('https://x/y', False),
        ('', False),
    ],
)
def test_names_of_the_hub(text, good):
    assert is_hub_name(text) is good


@pytest.mark.parametrize('layout', ['cache', 'plain'])
def test_where_the_files_lie(tmp_path, monkeypatch, layout):
    folder = tmp_path / ('m/snapshots/abc' if layout == 'cache' else 'm')
    folder.mkdir(parents=True)
    monkeypatch.setattr(
        *(huggingface_hub, 'snapshot_download'),
        lambda name, allow_patterns: str(folder),
    )
    root = tmp_path / 'm/blobs' if layout == 'cache' else folder
    assert download('me/rooms') == (folder, root)
