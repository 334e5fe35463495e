"""Files of tensors: their header is checked before anything is read."""

import json

import pytest
import torch
from hostile_files import safetensors
from safetensors.torch import save

from xnet_mm.fileio.safetensors_file import load_safetensors


def test_tensors_come_back(tmp_path):
    tensors = dict(a=torch.arange(6.0).view(2, 3), b=torch.tensor([True]))
    path = tmp_path / 'a.safetensors'
    path.write_bytes(save(tensors, dict(format='pt')))
    loaded = load_safetensors(path)
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[k], v) for k, v in tensors.items())


def entry(shape, offsets, dtype='F32'):
    table = dict(w=dict(dtype=dtype, shape=shape, data_offsets=offsets))
    return json.dumps(table).encode()


@pytest.mark.parametrize(
    ('data', 'text'),
    [
        (b'abc', 'the file has 3'),
        (safetensors(b'{}', length=2**62), 'claims 4611686018427387904 bytes'),
        (safetensors(b'{}', length=3), 'claims 3 bytes, the file has 10'),
        (safetensors(b'no table'), 'no table of tensors'),
        (safetensors(b'[1, 2]'), 'no table of tensors'),
        (safetensors(b'[' * 99999), 'no table of tensors'),
        (safetensors(b'{"w": 3}'), 'no table of tensors'),
        (safetensors(entry([2**50], [0, 2**52])), 'wants 4503599627370'),
        (safetensors(entry([2], [0, 8]), b'1234'), r'wants \d+ bytes'),
        (safetensors(entry([3], [0, 8]), bytes(8)), 'damaged'),
        (safetensors(entry([2], [0, 8], 'PICKLE'), bytes(8)), 'damaged'),
        (safetensors(entry([-2], [0, 8]), bytes(8)), 'damaged'),
    ],
)
def test_a_bad_header_is_named(data, text, tmp_path):
    path = tmp_path / 'a.safetensors'
    path.write_bytes(data)
    with pytest.raises(ValueError, match=text) as error:
        load_safetensors(path)
    assert 'a.safetensors is damaged, cut short, or no' in str(error.value)
