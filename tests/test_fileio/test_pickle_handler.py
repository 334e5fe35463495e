"""Pickles are read as data by all of MMEngine."""

import pickle
from collections import OrderedDict

import mmengine
import numpy as np
import pytest
from hostile_files import Call, system, touch
from mmengine.fileio.handlers.registry_utils import file_handlers
from mmseg.registry import MODELS

import xnet_mm  # noqa: F401  (puts the handler in)
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.fileio.pickle_handler import PlainPickleHandler

LOSS = """\
default_scope: mmseg
model:
  type: EncoderDecoder
  decode_head:
    type: FCNHead
    loss_decode:
      type: {name}
      class_weight: {path}
"""
LOSSES = ('CrossEntropyLoss', 'LovaszLoss', 'TverskyLoss')


def test_it_is_the_one_of_mmengine():
    for suffix in ('pkl', 'pickle'):
        assert type(file_handlers[suffix]) is PlainPickleHandler


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_data_comes_back(tmp_path, protocol):
    values = dict(
        a=[1, 2.5, None, True, 'ü'],
        b=(b'xy', {3}),
        c=OrderedDict(d=[{}]),
        weights=np.float32([[1, 2], [3, 4]]),
        number=np.float64(0.25),
    )
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(values, protocol))
    found = mmengine.load(path)
    weights = found.pop('weights')
    assert weights.dtype == np.float32
    assert weights.tolist() == values.pop('weights').tolist()
    assert found == values
    mmengine.dump(values, tmp_path / 'b.pickle')
    assert mmengine.load(tmp_path / 'b.pickle') == values


def loss_of(tmp_path, name, path):
    config = tmp_path / 'a.yml'
    config.write_text(LOSS.format(name=name, path=path))
    cfg = load_config_file(config).model.decode_head.loss_decode
    options = {} if name != 'LovaszLoss' else dict(reduction='none')
    return MODELS.build(dict(cfg, **options))


@pytest.mark.parametrize('name', LOSSES)
def test_class_weights_of_a_strangers_config(tmp_path, name):
    path, marker = tmp_path / 'weights.pkl', tmp_path / 'marker'
    path.write_bytes(pickle.dumps([1.0, 2.0, 0.5]))
    assert loss_of(tmp_path, name, path).class_weight == [1, 2, 0.5]
    for content in (
        system(marker),
        touch(marker),
        [1.0, Call(eval, f'open({str(marker)!r}, "w")')],
    ):
        for protocol in (0, 2, 4):
            path.write_bytes(pickle.dumps(content, protocol))
            with pytest.raises(
                ValueError,
                match=r'the pickle \(.pkl\) asks for more than data, .*'
                r'write these as .npy, .json or .yml',
            ):
                loss_of(tmp_path, name, path)
    assert not marker.exists()


@pytest.mark.parametrize('content', [b'', b'junk', b'\x80\x04.', b'(' * 9999])
def test_what_is_no_pickle(tmp_path, content):
    path = tmp_path / 'a.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'the pickle \(.pkl\) is damaged'):
        mmengine.load(path)
