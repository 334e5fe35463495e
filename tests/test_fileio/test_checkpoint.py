"""Checkpoints of MMEngine load without running anything."""

import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

import xnet_mm  # noqa: F401  (adds the list)
from xnet_mm.fileio.checkpoint import load_checkpoint_file


@pytest.fixture
def checkpoint(tmp_path):
    history = HistoryBuffer([1.5, 2.5], [1, 1])
    scalars = [np.dtype(t).type(1) for t in ('f2', 'f4', 'f8', 'i8', 'u1')]
    path = tmp_path / 'iter_1.pth'
    torch.save(
        dict(
            state_dict=dict(w=torch.arange(3.0)),
            message_hub=dict(log_scalars=dict(loss=history), mIoU=scalars),
        ),
        path,
    )
    return str(path)


def test_history_and_scalars_come_back(checkpoint):
    loaded = load_checkpoint_file(checkpoint)
    hub = loaded['message_hub']
    assert hub['log_scalars']['loss'].mean() == 2.0
    assert hub['log_scalars']['loss'].statistics('max') == 2.5
    assert [s.dtype.str[1:] for s in hub['mIoU']] == [
        *('f2', 'f4', 'f8', 'i8', 'u1')
    ]
    assert torch.equal(loaded['state_dict']['w'], torch.arange(3.0))


def test_mmengine_loads_it_without_falling_back(checkpoint, capsys):
    for _ in range(2):  # the fork takes its own list off after each load
        CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
        load_checkpoint_file(checkpoint)
    output = capsys.readouterr()
    assert 'safely' not in output.out + output.err


class _Call:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def test_other_calls_are_refused(tmp_path):
    path = tmp_path / 'evil.pth'
    torch.save(dict(state_dict=_Call(os.system, 'true')), path)
    with pytest.raises(pickle.UnpicklingError, match='system'):
        load_checkpoint_file(path)


def test_getattr_is_for_histories_only(tmp_path):
    path = tmp_path / 'evil.pth'
    torch.save(_Call(getattr, np.ndarray, 'tofile'), path)
    with pytest.raises(
        pickle.UnpicklingError, match='only the public methods of History'
    ):
        load_checkpoint_file(path)
