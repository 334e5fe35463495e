"""What is found of training data, against the files."""

import cv2
import numpy as np
import pytest
from reported import (
    SIZE,
    TRAINED,
    both_data,
    depth_data,
    labels_data,
    run_config,
)

from xnet_mm.report import overview as module
from xnet_mm.report.data import open_training
from xnet_mm.report.overview import DEPTH_BINS, look_at


def split_of(root, kind, make):
    return open_training(run_config(kind, make(root)).to_dict(), root / 'c.py')


def test_classes_by_counting_pixels(tmp_path):
    found = look_at(split_of(tmp_path, 'segmentation', labels_data))
    ids = [
        cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        for path in (tmp_path / 'labels/train').glob('*.png')
    ]
    ids = np.array(ids)
    assert found.classes.tolist() == [(ids == i).sum() for i in range(3)]
    assert found.void == (ids == 255).sum() > 0
    assert (found.images, found.read, found.broken) == (TRAINED, TRAINED, 0)
    assert found.sizes == {SIZE[::-1]: TRAINED}
    assert found.depths is None
    names = [shown.name for shown in found.shown]
    assert names == [f'images/train/{i}.png' for i in range(TRAINED)]
    assert [*found.shown[0].pictures] == ['image', 'classes']


def test_depths_by_counting_pixels(tmp_path):
    found = look_at(split_of(tmp_path, 'depth', depth_data))
    depth = np.array(
        [
            cv2.imread(str(path), cv2.IMREAD_UNCHANGED) / 1000
            for path in (tmp_path / 'depth/train').glob('*.png')
        ]
    )
    assert found.far == 8.0
    assert len(found.depths) == DEPTH_BINS
    # Two of forty bins of 0.2 m each, and what has no depth up to 8 m.
    for i in (10, 30):
        low, high = i * 0.2 + 1e-4, (i + 1) * 0.2 - 1e-4
        inside = ((depth > low) & (depth < high)).sum()
        edge = np.isclose(depth, low, atol=2e-4).sum()
        assert inside <= found.depths[i] <= inside + edge + 2
    assert found.unknown == ((depth == 0) | (depth > 8)).sum() > 0


def test_rooms_have_both(tmp_path):
    found = look_at(split_of(tmp_path, 'both', both_data))
    assert len(found.classes) == 10
    assert found.depths.sum() > 0
    assert [*found.shown[0].pictures] == ['image', 'classes', 'depth']


def test_some_of_many_in_even_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'MOST_READ', 2)
    monkeypatch.setattr(module, 'SHOWN', 2)
    found = look_at(split_of(tmp_path, 'segmentation', labels_data))
    assert (found.images, found.read) == (TRAINED, 2)
    names = [shown.name for shown in found.shown]
    assert names == ['images/train/0.png', 'images/train/2.png']


def test_broken_files_are_counted(tmp_path):
    split = split_of(tmp_path, 'segmentation', labels_data)
    (tmp_path / 'images/train/1.png').write_bytes(b'no picture')
    found = look_at(split)
    assert (found.read, found.broken) == (TRAINED - 1, 1)
    assert len(found.shown) == TRAINED - 1
    for path in (tmp_path / 'labels/train').glob('*.png'):
        path.unlink()
    with pytest.raises(
        ValueError, match=r'none of the training images can be read: .*0\.png'
    ):
        look_at(split)
