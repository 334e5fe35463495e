"""Numbers, arrays and histories are made from what a pickle says of them."""

import os
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hostile_files import Call
from mmengine.logging import HistoryBuffer

from xnet_mm.fileio.plain_pickle import finish
from xnet_mm.fileio.unpickling import read_plain


def reread(content, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    return finish(read_plain(tmp_path / 'a.pth', 'cpu'))


@pytest.mark.parametrize(
    'array',
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype='>f4'),
        np.array([True, False]),
        np.array(2.5),
        np.zeros((0, 3), np.uint8),
        np.array(['road', 'sky']),
        np.array([1 + 2j]),
    ],
    ids=str,
)
def test_arrays_come_back_as_they_were(array, tmp_path):
    loaded, tensors = reread([array], tmp_path)
    assert type(loaded[0]) is np.ndarray
    assert loaded[0].shape == array.shape
    assert np.array_equal(loaded[0], array)
    assert tensors == []


def test_all_depths_and_cycles(tmp_path):
    deep = leaf = []
    for _ in range(50):
        leaf.append([])
        leaf = leaf[0]
    leaf.append(np.float32(2.5))
    tensor = torch.ones(2)
    content = dict(a=deep, t=(1, (np.int64(3), dict(x=tensor))), b=tensor)
    content['self'] = content
    loaded, tensors = reread(content, tmp_path)
    inner = loaded['a']
    for _ in range(50):
        inner = inner[0]
    assert inner == [2.5]
    assert loaded['t'][1][0] == 3
    assert loaded['self'] is loaded
    assert len(tensors) == 1


def test_a_state_dict_keeps_only_its_versions(tmp_path):
    state = torch.nn.BatchNorm2d(2).state_dict()
    state.extra = 3  # an attribute of a stranger's dict
    loaded, _ = reread(state, tmp_path)
    assert vars(loaded) == dict(_metadata={'': dict(version=2)})
    wrong = OrderedDict(w=torch.ones(1))
    wrong._metadata = dict(a=3)
    assert vars(reread(wrong, tmp_path)[0]) == {}


def history(tmp_path, **state):
    good = dict(
        _log_history=np.ones(2), _count_history=np.ones(2), max_length=9
    )
    return reread([Call(HistoryBuffer, state={**good, **state})], tmp_path)


def test_a_history_does_not_change_its_class(tmp_path):
    loaded, _ = history(tmp_path, statistics_methods=dict(mean='max'))
    assert loaded[0].statistics('mean') == 1
    assert HistoryBuffer._statistics_methods['mean'] is HistoryBuffer.mean


@pytest.mark.parametrize(
    'state',
    [
        dict(_log_history=np.ones(3)),
        dict(_log_history=np.ones((2, 1))),
        dict(_log_history=[1, 2]),
        dict(_log_history=np.array(['a', 'b'])),
        dict(max_length=0),
        dict(max_length=None),
    ],
)
def test_a_history_holds_numbers(state, tmp_path):
    with pytest.raises(ValueError, match='log history that is none'):
        history(tmp_path, **state)


def test_an_array_of_objects_is_none(tmp_path):
    objects = np.array([1, 'a'], dtype=object)
    with pytest.raises(ValueError, match="a numpy array of 'O8'"):
        reread(objects, tmp_path)
    fields = np.zeros(2, dtype=[('a', 'f4')])
    with pytest.raises(ValueError, match="a numpy array of 'V4'"):
        reread(fields, tmp_path)


def test_an_array_has_as_many_bytes_as_it_says(tmp_path):
    reconstruct = np.zeros(1).__reduce__()[0]
    state = (1, (2**40,), np.dtype('f8'), False, bytes(16))
    array = Call(reconstruct, np.ndarray, (0,), b'b', state=state)
    with pytest.raises(ValueError, match='numpy array that is none'):
        reread(array, tmp_path)


def test_numpy_functions_are_not_called(tmp_path):
    call = Call(np.dtype, Call(os.getcwd))
    with pytest.raises(Exception, match=r'getcwd'):
        reread(call, tmp_path)
