"""tools/export.py --int8, from a trained model to a file that predicts."""

import re
from functools import partial

import cv2
import numpy as np
import onnx
import pytest
import tiny
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from tool_runs import run_tool
from torch import nn

from xnet_mm.export import Validation


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that
    monkeypatch.setenv('COLUMNS', '200')
    return partial(run_tool, monkeypatch)


@pytest.fixture
def trained(tmp_path):
    """Config, checkpoint and data of a model that tells classes by colour."""
    root = tiny.write_tiny_seg(tmp_path / 'data', num=4)
    config = tiny.write_tiny_config(tmp_path / 'a.py', root)
    cfg = Config.fromfile(config)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    nn.init.normal_(model.decode_head.conv_seg.weight, std=1)
    meta = dict(classes=['a', 'b', 'c'], palette=tiny.PALETTE[:3])
    state = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=meta))
    torch.save(state, tmp_path / 'a.pth')
    return config, tmp_path / 'a.pth', root / 'images'


def test_a_file_with_its_figures_beside_those_of_test_py(
    trained, tmp_path, run, capfd
):
    *model, images = trained
    run('test.py', *model, '--work-dir', tmp_path / 'work')
    printed = ''.join(capfd.readouterr())
    tested = {
        name: re.findall(rf'{name}: +([\d.]+)', printed)[-1]
        for name in ('aAcc', 'mIoU', 'mAcc')
    }
    file = tmp_path / 'new' / 'a.onnx'
    run('export.py', *model, file, '--size', '48x64', '--int8', images)
    printed = capfd.readouterr().out
    for name, figure in tested.items():
        row = next(line for line in printed.splitlines() if name in line)
        fp32, int8 = map(float, re.findall(r'\d+\.?\d*', row))
        assert fp32 == float(figure)
        assert abs(int8 - fp32) < 1
    assert 'of 4 validation images.' in printed
    assert f'{file} (0.' in printed
    assert [path.name for path in file.parent.iterdir()] == ['a.onnx']
    kinds = [node.op_type for node in onnx.load(file).graph.node]
    assert 'QuantizeLinear' in kinds
    with pytest.raises(SystemExit) as stop:
        run(
            *('predict_exported.py', file, images / '0.png'),
            *('--out-dir', tmp_path / 'out'),
        )
    assert not stop.value.code
    labels = cv2.imread(str(tmp_path / 'out/labels/0.png'), -1)
    assert labels.shape == (48, 64)
    assert len(np.unique(labels)) > 1


def test_what_loses_too_much_is_not_written(
    trained, tmp_path, run, monkeypatch
):
    *model, images = trained
    figures = dict(fp32=dict(mIoU=60.0), int8=dict(mIoU=58.9))
    monkeypatch.setattr(Validation, '__call__', lambda *_: figures)
    file = tmp_path / 'a.onnx'
    message = (
        r'a\.onnx was not written\. int8 loses 1\.1 points of mIoU \(mIoU 60 '
        r'-> 58\.9\) of 2 validation images, and --int8-loss allows 1\.'
    )
    with pytest.raises(SystemExit, match=message):
        run(
            *('export.py', *model, file, '--size', '48x64', '--int8', images),
            *('--int8-limit', 2),
        )
    assert not file.exists()
    assert not [*tmp_path.glob('tmp*')]


def test_folders_that_cannot_be_used(trained, tmp_path, run, monkeypatch):
    """Before anything is exported."""
    monkeypatch.setattr('xnet_mm.export.export_onnx', None)
    *model, images = trained
    (tmp_path / 'empty').mkdir()
    for folder, message in (
        (tmp_path / 'no', r'--int8 .*no: no such folder; wanted images'),
        (images / '0.png', r'0\.png: no such folder; wanted images'),
        (tmp_path / 'empty', r'no images below .*empty; looked for'),
    ):
        with pytest.raises(SystemExit, match=message):
            run(
                *('export.py', *model, tmp_path / 'a.onnx'),
                *('--size', '48x64', '--int8', folder),
            )


def test_an_image_that_cannot_be_read_is_named(trained, tmp_path, run):
    *model, images = trained
    (images / '9.png').write_bytes(b'no image')
    file = tmp_path / 'a.onnx'
    message = r'a\.onnx was not written\. .*9\.png'
    with pytest.raises(SystemExit, match=message):
        run('export.py', *model, file, '--size', '48x64', '--int8', images)
    assert not file.exists()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['a.onnx', '--int8-loss', '2'], '--int8-loss is for --int8'),
        (['a.onnx', '--int8-limit', '2'], '--int8-limit is for --int8'),
        (['a.pt2', '--int8', 'b'], 'a.pt2: --int8 is for an .onnx file'),
    ],
)
def test_wrong_command_lines(run, capsys, words, message):
    with pytest.raises(SystemExit):
        run('export.py', 'a.py', 'a.pth', *words)
    assert message in capsys.readouterr().err
