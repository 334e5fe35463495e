"""CamVidDataset: classes, colours, and the real data by its config."""

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS
from PIL import Image
from real_data import REAL, ROOT, needs_real
from tiny_layouts import write_pair

from xnet_mm.datasets import CamVidDataset

CONFIG = ROOT / 'configs/_base_/datasets/camvid.py'


def build(monkeypatch, data, split):
    monkeypatch.setenv('XNET_MM_DATA', str(data))
    cfg = Config.fromfile(CONFIG)
    return DATASETS.build(cfg[f'{split}_dataloader'].dataset)


def test_eleven_classes_and_void(tmp_path):
    write_pair(tmp_path / 'i/a.jpg', tmp_path / 'l/a.png', [*range(11), 255])
    folders = dict(
        data_root=str(tmp_path),
        data_prefix=dict(img_path='i', seg_map_path='l'),
    )
    dataset = CamVidDataset(**folders)
    assert len(dataset) == 1
    classes, palette = (dataset.metainfo[k] for k in ('classes', 'palette'))
    assert len(classes) == len(set(classes)) == 11
    assert len({tuple(colour) for colour in palette}) == 11
    assert palette[classes.index('road')] == [128, 64, 128]
    write_pair(tmp_path / 'i/a.jpg', tmp_path / 'l/a.png', [0, 11])
    with pytest.raises(ValueError, match='holds id 11, but 11 classes are'):
        CamVidDataset(**folders)


def test_missing_data_says_how_to_point_at_it(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match='XNET_MM_DATA'):
        build(monkeypatch, tmp_path, 'train')


@needs_real('camvid')
def test_real_data(monkeypatch):
    assert len(build(monkeypatch, REAL, 'train')) == 367
    val = build(monkeypatch, REAL, 'val')
    assert len(val) == 101
    item = val[0]
    assert item['inputs'].shape == (3, 288, 384)  # tested at this scale
    assert item['data_samples'].gt_sem_seg.shape == (360, 480)
    ids = item['data_samples'].gt_sem_seg.data.unique().tolist()
    assert set(ids) <= {*range(11), 255}
    # A street: the road lies at the bottom, the sky at the top.
    label = np.array(Image.open(val.get_data_info(0)['seg_map_path']))
    classes = val.metainfo['classes']
    assert classes[np.bincount(label[-40:].ravel()).argmax()] == 'road'
