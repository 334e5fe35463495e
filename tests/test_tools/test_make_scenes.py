"""tools/make_scenes.py, and its data through the config."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS
from real_data import ROOT
from tool_runs import run_tool

from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.datasets.scenes.renderer import render_scene

TOOL = 'make_scenes.py'
SIZE = (64, 48)


def test_tool_and_config(tmp_path, monkeypatch, capsys):
    root = tmp_path / 'scenes'
    args = [root, '--num-train', 3, '--num-val', 2, '--size', *SIZE]
    args += ['--workers', 1]
    run_tool(monkeypatch, TOOL, *args)
    assert '5 scenes' in capsys.readouterr().out
    run_tool(monkeypatch, TOOL, *args)
    assert 'already there' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='--force to replace it'):
        run_tool(monkeypatch, TOOL, *args, '--seed', 3)

    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    cfg = Config.fromfile(ROOT / 'configs/_base_/datasets/scenes.py')
    train = DATASETS.build(cfg.train_dataloader.dataset)
    val = DATASETS.build(cfg.val_dataloader.dataset)
    assert (len(train), len(val)) == (3, 2)
    assert val.metainfo['classes'] == CLASSES
    sample = val[1]
    seg = sample['data_samples'].gt_sem_seg.data[0].numpy()
    np.testing.assert_array_equal(seg, render_scene(0, 4, SIZE)[1])
    assert train[0]['inputs'].dtype.is_floating_point is False


def test_options_reach_the_data(tmp_path, monkeypatch, capsys):
    root = tmp_path / 'rooms'
    args = [root, '--num-train', 1, '--num-val', 1, '--size', 32, 24]
    run_tool(monkeypatch, TOOL, *args, '--workers', 1)
    assert f'Look at {root}/preview.jpg' in capsys.readouterr().out
    run_tool(monkeypatch, TOOL, *args, '--seed', 3, '--force')
    label = cv2.imread(str(root / 'labels/0001.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(label, render_scene(3, 1, (32, 24))[1])


@pytest.mark.parametrize(
    'args', [('--num-train', 0), ('--num-val', 0), ('--size', 64, 15)]
)
def test_too_little_to_make(tmp_path, monkeypatch, capsys, args):
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, TOOL, tmp_path / 'rooms', *args)
    assert 'wanted a whole number from 1' in capsys.readouterr().err
    assert not (tmp_path / 'rooms').exists()
