"""tools/export.py: its command line, and a model through it."""

import json
from functools import partial

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from tiny import PALETTE, write_tiny_config
from tool_runs import run_tool

from xnet_mm.export import open_session


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch, 'export.py')


@pytest.fixture
def trained(tmp_path):
    """Config and checkpoint of a model of random weights."""
    config = write_tiny_config(tmp_path / 'a.py', tmp_path)
    model = MODELS.build(Config.fromfile(config).model)
    meta = dict(classes=['a', 'b', 'c'], palette=PALETTE[:3])
    state = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=meta))
    torch.save(state, tmp_path / 'a.pth')
    return config, tmp_path / 'a.pth'


def test_a_file_with_the_facts_of_the_checkpoint(
    trained, tmp_path, run, capsys
):
    file = tmp_path / 'new' / 'a.onnx'
    run(*trained, file, '--size', '32x48', '--fixed')
    facts = open_session(file).get_modelmeta().custom_metadata_map['xnet_mm']
    assert json.loads(facts) == dict(
        task='segmentation',
        threshold=None,
        classes=['a', 'b', 'c'],
        palette=PALETTE[:3],
        size=[32, 48],
    )
    assert f'{file} (0.' in capsys.readouterr().out


def test_what_cannot_be_exported_ends_in_its_reason(trained, tmp_path, run):
    config, checkpoint = trained
    with config.open('a') as lines:
        lines.write(
            "\nmodel['data_preprocessor']['test_cfg'] = dict(size_divisor=32)"
        )
    message = r'a\.onnx was not written\. .*does not pad'
    with pytest.raises(SystemExit, match=message):
        run(config, checkpoint, tmp_path / 'a.onnx', '--size', '32x48')
    assert not (tmp_path / 'a.onnx').exists()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['a.tflite'], 'a.tflite: wanted a name in .onnx or .pt2'),
        (['a.onnx', '--device', 'cpu:0'], '--device is for .pt2'),
    ],
)
def test_wrong_command_lines(run, capsys, words, message):
    with pytest.raises(SystemExit):
        run('a.py', 'a.pth', *words)
    assert message in capsys.readouterr().err


def test_what_is_not_there(trained, tmp_path, run):
    config, checkpoint = trained
    for message, *words in (
        ('config not found: no.py', 'no.py', checkpoint),
        ('checkpoint not found: no.pth', config, 'no.pth'),
        (r'a\.py has no crop size: give --size HxW', config, checkpoint),
    ):
        with pytest.raises(SystemExit, match=message):
            run(*words, tmp_path / 'a.onnx')
