from zipfile import ZipFile

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import METRICS

from xnet_mm.evaluation import kitti_submission
from xnet_mm.evaluation.kitti_submission import (
    KITTISubmission,
    submission_name,
)
from xnet_mm.fileio.depth_png import to_units


@pytest.fixture
def printed(monkeypatch):
    lines = []
    monkeypatch.setattr(
        kitti_submission, 'print_log', lambda text, **_: lines.append(text)
    )
    return lines


def samples(count, size=(35, 121), folder='test/image'):
    """Depths from 0 to 90 m."""
    generator = torch.manual_seed(0)
    return [
        dict(
            img_path=f'{folder}/{i:010}.png',
            pred_depth_map=dict(
                data=torch.rand(1, *size, generator=generator) * 90
            ),
        )
        for i in range(count)
    ]


def test_encoded_by_hand():
    pred = torch.tensor(
        [
            [0.0, 1 / 512, -3.0, 1 / 256, 1.5 / 256, 1.51 / 256],
            [2.0, 80.0, 255.9961, 255.998, 256.0, 1e9],
        ]
    )
    depth, clipped = to_units(pred.numpy(), 256)
    assert depth.dtype == np.uint16
    assert depth.tolist() == [
        [1, 1, 1, 1, 2, 2],
        [512, 20480, 65535, 65535, 65535, 65535],
    ]
    # 0, 1/512 (rounds to 0) and -3; 255.998 rounds to 65535.
    assert clipped == 5


def test_zip_reads_back_within_half_a_unit(tmp_path, printed):
    metric = METRICS.build(
        dict(type='xnet_mm.KITTISubmission', output_dir=tmp_path / 'maps')
    )
    batch = samples(3)
    batch[1]['pred_depth_map']['data'][0, 0, 0] = 300
    (tmp_path / 'maps').mkdir()
    (tmp_path / 'maps' / 'stale.png').write_bytes(b'of another run')
    metric.process({}, batch[:2])
    metric.process({}, batch[2:])
    assert metric.evaluate(3) == {}
    with ZipFile(tmp_path / 'maps.zip') as archive:
        assert archive.namelist() == [f'{i:010}.png' for i in range(3)]
        for sample, name in zip(batch, archive.namelist(), strict=True):
            data = np.frombuffer(archive.read(name), np.uint8)
            depth = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            assert depth.dtype == np.uint16
            pred = sample['pred_depth_map']['data'][0].double().numpy()
            pred = pred.clip(1 / 256, 65535 / 256)
            assert np.abs(depth / 256 - pred).max() <= 1 / 512
    assert len(printed) == 1
    assert str(tmp_path / 'maps.zip') in printed[0]
    assert '3 maps of 35x121 (3), read back without a diff' in printed[0]
    assert {p.name for p in tmp_path.iterdir()} == {'maps', 'maps.zip'}


def test_names():
    raw = '2011_09_26/2011_09_26_drive_0002_sync/image_0{}/data/0000000069.png'
    selection = '2011_09_26_drive_0002_sync_image_0000000069_image_0{}.png'
    assert submission_name(raw.format(2)) == selection.format(2)
    assert submission_name(raw.format(3)) == selection.format(3)
    for name in ('0000000000.png', selection.format(2)):
        assert submission_name(f'depth_selection/test/image/{name}') == name
    assert submission_name('0000000000.jpg') == '0000000000.png'


def test_drives_do_not_collide(tmp_path):
    metric = KITTISubmission(tmp_path / 'maps')
    for drive in ('0002', '0009'):
        folder = f'2011_09_26/2011_09_26_drive_{drive}_sync/image_02/data'
        metric.process({}, samples(2, folder=folder))
    metric.evaluate(4)
    with ZipFile(tmp_path / 'maps.zip') as archive:
        assert len(set(archive.namelist())) == 4


def test_same_name_twice(tmp_path):
    metric = KITTISubmission(tmp_path / 'maps')
    metric.process({}, samples(1, folder='a') + samples(1, folder='b'))
    with pytest.raises(
        ValueError, match=r'a/0000000000.png and b/0+.png would both be 0+.pn'
    ):
        metric.evaluate(2)


def test_bad_predictions_and_none(tmp_path):
    metric = KITTISubmission(tmp_path / 'maps')
    with pytest.raises(ValueError, match=r'maps.zip: no prediction to write'):
        metric.evaluate(0)
    batch = samples(1)
    batch[0]['pred_depth_map']['data'][0, 3, 4] = float('nan')
    with pytest.raises(ValueError, match=r'image/0000000000.png: 1 of 4235'):
        metric.process({}, batch)


@pytest.mark.parametrize('damage', ['other', 'eight bits', 'no picture'])
def test_what_does_not_read_back(tmp_path, damage):
    metric = KITTISubmission(tmp_path / 'maps')
    metric.process({}, samples(2))
    path = tmp_path / 'maps' / '0000000001.png'
    if damage == 'no picture':
        path.write_bytes(b'')
    else:
        depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        depth[3, 4] += 1
        kind = np.uint8 if damage == 'eight bits' else np.uint16
        cv2.imwrite(str(path), depth.astype(kind))
    with pytest.raises(ValueError, match=r'0000000001.png does not read back'):
        metric.evaluate(2)
    assert not (tmp_path / 'maps.zip').exists()


def test_too_big_for_the_server(tmp_path, printed, monkeypatch):
    monkeypatch.setattr(kitti_submission, 'UPLOAD_LIMIT', 0.001)
    metric = KITTISubmission(tmp_path / 'maps')
    metric.process({}, samples(1))
    metric.evaluate(1)
    assert 'MB, above the 0.001 MB that the server' in printed[1]
