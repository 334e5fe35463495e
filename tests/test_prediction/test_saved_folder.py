"""A saved folder is whole, holds its own files, and fits its weights."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from shared_models import SMALL, edit, load_pair
from torch import nn

import xnet_mm
from xnet_mm.fileio.atomic import HOST
from xnet_mm.prediction import saved_folder
from xnet_mm.prediction.saved_folder import (
    check_tensors,
    no_larger_than,
    read_folder,
    write_folder,
)


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp('saved')
    return load_pair(folder / 'pair', 'depth').save_pretrained(folder / 's')


@pytest.fixture
def folder(saved, tmp_path):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def refused(folder, message, kind=ValueError):
    with pytest.raises(kind, match=message) as error:
        xnet_mm.load(folder, device='cpu')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('name', ['config.json', 'model.safetensors'])
def test_a_link_that_leads_out(folder, name, tmp_path_factory):
    outside = tmp_path_factory.mktemp('outside') / name
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    refused(folder, rf'{name} is a link to .*, outside of the folder: nothi')
    (folder / name).unlink()
    (folder / name).symlink_to(f'../{outside.parent.name}/{name}')
    refused(folder, rf'{name} is a link to .*, outside of the folder')


def test_a_link_within_the_folder(folder):
    (folder / 'config.json').rename(folder / 'other.json')
    (folder / 'config.json').symlink_to('other.json')
    assert xnet_mm.load(folder, device='cpu').max_depth == 8.0


@pytest.mark.parametrize('name', ['config.json', 'model.safetensors'])
def test_a_file_that_is_missing_or_none(folder, name):
    (folder / name).unlink()
    refused(folder, rf'{name}: no such file; a folder that save_pretrained',
            FileNotFoundError)  # fmt: skip
    (folder / name).mkdir()
    refused(folder, rf'{name}: no such file', FileNotFoundError)
    (folder / name).rmdir()
    os.mkfifo(folder / name)
    refused(folder, rf'{name}: no such file', FileNotFoundError)


def test_other_files_are_not_looked_at(folder):
    for name in ('config.py', 'modeling.py', 'pytorch_model.bin',
                 'adapter.safetensors'):  # fmt: skip
        (folder / name).write_text('raise SystemExit("run")')
    (folder / 'README.md').unlink()
    assert xnet_mm.load(folder, device='cpu').max_depth == 8.0


def tensors(folder, change):
    path = folder / 'model.safetensors'
    state = load_file(path)
    change(state)
    save_file(state, path)
    return folder


NAME = 'decode_head.conv_seg.bias'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: s.pop(NAME), rf'missing 1 of \d+: {NAME}'),
        (lambda s: s.update(extra=torch.zeros(1)), r'unexpected 1 of .*extra'),
        (
            lambda s: s.update({NAME: torch.zeros(2)}),
            rf'other shape 1 of \d+: {NAME} \(2,\), wanted \(1,\)',
        ),
        (
            lambda s: s.update({NAME: torch.zeros(1, dtype=torch.int64)}),
            rf'{NAME} \(1,\) of whole numbers, wanted \(1,\)',
        ),
        (
            lambda s: s.update({NAME: torch.zeros(1).double()}),
            rf'{NAME} is \(1,\) float64, wanted \(1,\) float32\. Get the',
        ),
        (
            lambda s: s.update({NAME: torch.tensor([torch.nan])}),
            rf'NaN or infinity in 1 tensors: {NAME}',
        ),
        (lambda s: s.clear(), r'missing \d+ of'),
    ],
)
def test_weights_of_another_model(folder, change, message):
    with pytest.raises(ValueError, match=rf'model\.safetensors .*{message}'):
        xnet_mm.load(tensors(folder, change), device='cpu')


def test_weights_that_are_none(folder):
    (folder / 'model.safetensors').write_bytes(b'\x80\x04cos\nsystem\n.')
    refused(folder, r'model\.safetensors is damaged, cut short, or no \.saf')


@pytest.mark.parametrize(
    'encoder',
    [
        dict(SMALL, dims=[60_000] * 4),
        dict(SMALL, depths=[60_000, 1, 1, 1]),
        dict(SMALL, in_chans=4),
        dict(SMALL, model_name='no_such_model'),
        dict(SMALL, model_name='convnext_xxlarge', dims=[2000] * 4),
    ],
)
def test_a_model_that_is_not_built(folder, encoder):
    """Typed into the config, some would fill the memory."""

    def grow(config):
        config['model']['backbone']['encoder'] = encoder

    refused(edit(folder, grow), r'config\.json: no model can be built of it')


def test_what_counts_against_the_weights(monkeypatch):
    monkeypatch.setattr(saved_folder, 'MORE_NUMBERS', 20_000)
    state = dict(a=torch.zeros(3))
    with no_larger_than(state, Path('x')):
        nn.Linear(100, 100)
    with (
        pytest.raises(
            ValueError,
            match=r'^x/config\.json: no model can be built .*far la',
        ),
        no_larger_than(state, Path('x')),
    ):
        nn.Linear(200, 200)
    with (
        pytest.raises(
            ValueError, match=r'x/config\.json: no model .*far larger'
        ),
        no_larger_than(state, Path('x')),
    ):
        nn.Sequential(*[nn.Linear(1, 1) for _ in range(2000)])
    nn.Linear(200, 200)  # outside of it nobody counts


def test_the_very_tensors():
    model = nn.Linear(2, 1)
    check_tensors(model, model.state_dict(), 'x')
    state = dict(weight=torch.zeros(1, 2).half(), more=torch.zeros(1))
    message = (
        r'^x does not hold the weights of its config\.json: bias is missing; '
        r'more is unknown; weight is \(1, 2\) float16, wanted \(1, 2\) float32'
    )
    with pytest.raises(ValueError, match=message):
        check_tensors(model, state, 'x')


def test_written_over_another_model(folder):
    (folder / 'notes.txt').write_text('mine')
    shared = torch.zeros(4)
    write_folder(folder, dict(a=[1, 2], b=[dict(c=[])]),
                 dict(x=shared, y=shared), 'card')  # fmt: skip
    names = {'config.json', 'model.safetensors', 'README.md', 'notes.txt'}
    assert {p.name for p in folder.iterdir()} == names
    text = (folder / 'config.json').read_text()
    assert json.loads(text) == dict(a=[1, 2], b=[dict(c=[])])
    assert '"a": [1, 2]' in text
    found = load_file(folder / 'model.safetensors')
    assert found.keys() == {'x', 'y'}
    assert (folder / 'README.md').read_text() == 'card'


@pytest.mark.parametrize('name', ['model.safetensors', 'README.md', None])
def test_a_failure_leaves_the_old_model(folder, name, monkeypatch):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def fail(*args, **kwargs):
        raise OSError(28, 'No space left on device')

    if name is None:
        monkeypatch.setattr(saved_folder.os, 'fsync', fail)
    else:
        monkeypatch.setattr('safetensors.torch.save_file', fail)
    with pytest.raises(OSError, match='No space left'):
        write_folder(folder, {}, dict(x=torch.zeros(1)), '')
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_kill_leaves_no_half_folder(tmp_path):
    """Killed before the last rename: refused, and finished the next time."""
    code = """
        import os, signal, sys, torch
        from pathlib import Path
        from xnet_mm.prediction.saved_folder import write_folder
        rename = Path.replace
        def replace(path, target):
            if path.name == 'config.json':
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(path, target)
        Path.replace = replace
        write_folder(Path(sys.argv[1]), {}, dict(x=torch.zeros(1)), '')
    """
    root = str(Path(xnet_mm.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(code), str(tmp_path)],
        env={**os.environ, 'PYTHONPATH': root},
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob('.saving-*')
    assert left.name.startswith(f'.saving-{HOST}-')
    with pytest.raises(FileNotFoundError, match=r'config\.json: no such fil'):
        read_folder(tmp_path)
    write_folder(tmp_path, {}, dict(x=torch.zeros(1)), '')
    assert not list(tmp_path.glob('.saving-*'))


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / 'x').touch()
    with pytest.raises(FileExistsError):
        write_folder(tmp_path / 'x', {}, {}, '')
