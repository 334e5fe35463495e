"""Checkpoints are read as data, whole, or refused with one clear error."""

import math
import os

import numpy as np
import pytest
import torch
from hostile_files import DAMAGED, HOSTILE, Call, checkpoint, system
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file

from xnet_mm.compat import TORCH
from xnet_mm.fileio import checkpoint as reader
from xnet_mm.fileio import unpickling
from xnet_mm.fileio.checkpoint import TRUSTED, load_checkpoint_file


@pytest.fixture(autouse=True, params=['ours', 'PyTorch'])
def unpickler(request, monkeypatch):
    """Every test with both: which one reads depends on PyTorch's age."""
    if request.param == 'PyTorch' and TORCH < (2, 6):
        pytest.skip(f'PyTorch {torch.__version__}: its reader is not used')
    is_ours = request.param == 'ours'
    monkeypatch.setattr(unpickling, 'HAS_OWN_READER', is_ours)


def test_all_of_a_run_comes_back(tmp_path):
    scalars = [np.dtype(t).type(1) for t in ('f2', 'f4', 'f8', 'i8', 'u1')]
    path = tmp_path / 'iter_1.pth'
    weights = dict(a=torch.arange(3.0), b=torch.tensor([1, 2]))
    torch.save(
        dict(
            meta=dict(iter=1, dataset_meta=dict(palette=np.eye(3))),
            state_dict=weights,
            optimizer=dict(state={0: dict(step=torch.tensor(3.0))}),
            message_hub=dict(
                log_scalars=dict(loss=HistoryBuffer([1.5, 2.5], [1, 1])),
                runtime_info=dict(mIoU=scalars),
            ),
        ),
        path,
    )
    loaded = load_checkpoint_file(path)
    hub = loaded['message_hub']
    loss = hub['log_scalars']['loss']
    assert type(loss) is HistoryBuffer
    assert (loss.mean(), loss.statistics('max')) == (2.0, 2.5)
    assert [s.dtype.str[1:] for s in hub['runtime_info']['mIoU']] == [
        *('f2', 'f4', 'f8', 'i8', 'u1')
    ]
    assert np.array_equal(loaded['meta']['dataset_meta']['palette'], np.eye(3))
    assert loaded['optimizer']['state'][0]['step'] == 3
    for name, tensor in weights.items():
        assert torch.equal(loaded['state_dict'][name], tensor)


def test_what_came_back_is_saved_again(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(checkpoint(hub=[HistoryBuffer([1], [1]), np.eye(2)]), path)
    torch.save(load_checkpoint_file(path), path)
    assert load_checkpoint_file(path)['hub'][0].mean() == 1


@pytest.mark.parametrize('kind', HOSTILE)
def test_a_stranger_runs_nothing(kind, tmp_path):
    path, marker = tmp_path / 'evil.pth', tmp_path / 'marker'
    HOSTILE[kind](path, marker)
    with pytest.raises(ValueError, match=r'evil\.pth') as error:
        load_checkpoint_file(path)
    assert not marker.exists()
    if kind not in ('numpy objects', 'globals', 'getattr'):
        assert f'set {TRUSTED}={path}' in str(error.value) or kind in (
            'tar',
            'history',
            'TorchScript',
        )


@pytest.mark.parametrize(
    ('kind', 'wanted'),
    [
        ('system', 'posix.system'),
        ('legacy', 'posix.system'),
        ('pickle 5', 'posix.system'),
        ('eval', 'builtins.eval'),
        ('partial', 'functools.partial, '),
        ('TorchScript', 'TorchScript'),
    ],
)
def test_the_refusal_says_what_the_file_wanted(kind, wanted, tmp_path):
    HOSTILE[kind](tmp_path / 'a.pth', tmp_path / 'marker')
    with pytest.raises(ValueError, match=wanted):
        load_checkpoint_file(tmp_path / 'a.pth')


@pytest.mark.parametrize('kind', DAMAGED)
def test_damage_is_one_clear_error(kind, tmp_path):
    write, text = DAMAGED[kind]
    write(tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=text) as error:
        load_checkpoint_file(tmp_path / 'a.pth')
    assert str(tmp_path / 'a.pth') in str(error.value)
    assert 'weights_only' not in str(error.value)


def test_no_file():
    with pytest.raises(FileNotFoundError, match=r'no\.pth: no such check'):
        load_checkpoint_file('no.pth')


def test_a_trusted_file_is_read_with_a_warning(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(reader, 'print_log', lambda s, **_: lines.append(s))
    path, marker = tmp_path / 'mine.pth', tmp_path / 'marker'
    torch.save(checkpoint(extra=system(marker)), path)
    link = tmp_path / 'link.pth'
    link.symlink_to(path)
    others = os.pathsep.join(['', str(tmp_path / 'other.pth')])
    monkeypatch.setenv(TRUSTED, others)
    with pytest.raises(ValueError, match='was refused'):
        load_checkpoint_file(path)
    monkeypatch.setenv(TRUSTED, os.pathsep.join([others, str(link)]))
    assert load_checkpoint_file(path)['extra'] == 0  # of os.system
    assert marker.exists()
    assert f'{TRUSTED} names {path}: read by ordinary pickle' in lines[0]


def test_a_trusted_file_may_be_damaged_too(tmp_path, monkeypatch):
    path = tmp_path / 'mine.pth'
    monkeypatch.setenv(TRUSTED, str(path))
    for content in (b'x' * 99, b''):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'cannot be read|is empty'):
            load_checkpoint_file(path)


def test_types_that_the_process_allows_stay_allowed(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(dict(a=Call(math.sqrt, 9)), path)
    if TORCH < (2, 5):
        pytest.skip(f'PyTorch {torch.__version__} has no safe_globals')
    before = torch.serialization.get_safe_globals()
    with pytest.raises(ValueError, match=r'math\.sqrt'):
        load_checkpoint_file(path)
    with torch.serialization.safe_globals([math.sqrt, np.dtype]):
        assert load_checkpoint_file(path) == dict(a=3.0)
    assert set(torch.serialization.get_safe_globals()) == set(before)


def test_safetensors_by_the_same_reader(tmp_path):
    save_file(dict(w=torch.arange(3.0)), tmp_path / 'a.safetensors')
    loaded = load_checkpoint_file(tmp_path / 'a.safetensors')
    assert torch.equal(loaded['w'], torch.arange(3.0))


def test_executable_configs_are_left_out(tmp_path):
    path = tmp_path / 'a.pth'
    code = 'import os\nos.system("false")\n'
    hub = dict(log_scalars={}, runtime_info=dict(cfg=code, iter=3))
    meta = dict(config=code, cfg='model = dict(type="PFPHead", eps=-1.5)')
    torch.save(checkpoint(meta=meta, message_hub=hub), path)
    loaded = load_checkpoint_file(path)
    assert loaded['meta'] == dict(cfg=meta['cfg'])
    assert loaded['message_hub']['runtime_info'] == dict(iter=3)
