"""CamVid's public release in the layout of the config."""

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS
from PIL import Image
from real_data import ROOT
from tiny_layouts import make_camvid_release
from tool_runs import run_tool

CONFIG = ROOT / 'configs/_base_/datasets/camvid.py'


def convert(monkeypatch, source, target):
    run_tool(monkeypatch, 'dataset_converters/camvid.py', source, target)


def build(monkeypatch, data, split):
    monkeypatch.setenv('XNET_MM_DATA', str(data))
    cfg = Config.fromfile(CONFIG)
    return DATASETS.build(cfg[f'{split}_dataloader'].dataset)


def test_converted_release_loads(tmp_path, monkeypatch, capsys):
    make_camvid_release(tmp_path / 'CamVid', count=2)
    convert(monkeypatch, tmp_path / 'CamVid', tmp_path / 'camvid')
    assert '6 pairs written, 0 were there' in capsys.readouterr().out

    for split in ('train', 'val', 'test'):
        for path in (tmp_path / 'CamVid' / split).glob('*.png'):
            source = np.array(
                Image.open(path.parents[1] / f'{split}annot' / path.name)
            )
            label = np.array(
                Image.open(tmp_path / 'camvid/annotations' / split / path.name)
            )
            np.testing.assert_array_equal(
                label, np.where(source == 11, 255, source)
            )
    assert len(build(monkeypatch, tmp_path, 'train')) == 2
    assert len(build(monkeypatch, tmp_path, 'val')) == 2


def test_second_run_changes_nothing(tmp_path, monkeypatch, capsys):
    make_camvid_release(tmp_path / 'CamVid', count=1)
    target = tmp_path / 'camvid'
    convert(monkeypatch, tmp_path / 'CamVid', target)
    before = {p: p.stat().st_mtime_ns for p in target.rglob('*.*')}
    assert len(before) == 6
    convert(monkeypatch, tmp_path / 'CamVid', target)
    assert '0 pairs written, 3 were there' in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in target.rglob('*.*')}


def test_broken_files_are_named_and_the_rest_is_done(tmp_path, monkeypatch):
    source, target = tmp_path / 'CamVid', tmp_path / 'camvid'
    make_camvid_release(source, count=3)
    image = source / 'train/0001TP_000000.png'
    image.write_bytes(image.read_bytes()[:100])
    wrong = np.full((64, 96), 12, np.uint8)
    Image.fromarray(wrong).save(source / 'trainannot/0001TP_000001.png')
    (source / 'valannot/0001TP_000000.png').unlink()
    small = np.zeros((4, 6), np.uint8)
    Image.fromarray(small).save(source / 'valannot/0001TP_000001.png')
    Image.new('RGB', (96, 64)).save(source / 'testannot/0001TP_000002.png')
    with pytest.raises(SystemExit) as stop:
        convert(monkeypatch, source, target)
    lines = str(stop.value).splitlines()
    assert lines[0] == 'not converted:'
    assert [line.split(':')[0].strip() for line in lines[1:]] == [
        'train/0001TP_000000.png',
        'train/0001TP_000001.png',
        'val/0001TP_000000.png',
        'val/0001TP_000001.png',
        'test/0001TP_000002.png',
    ]
    assert 'id 12, wanted 0..11' in lines[2]
    assert 'image (96, 64), label map (6, 4)' in lines[4]
    assert 'mode RGB' in lines[5]
    assert len(list(target.rglob('*.*'))) == 2 * 4


def test_wrong_source_folder(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='holds train/, trainannot/'):
        convert(monkeypatch, tmp_path, tmp_path / 'out')
