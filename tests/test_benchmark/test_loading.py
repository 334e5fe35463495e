"""A loader's time, by a clock worked by hand."""

import itertools

import pytest
import tiny
from mmengine.config import Config

from xnet_mm.benchmark.loading import (
    COLUMNS,
    loading_table,
    time_loading,
    write_loading,
)


def loaded_config(tmp_path, **dataset):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=2)
    path = tiny.write_tiny_config(tmp_path / 'a.py', root)
    cfg = Config.fromfile(path)
    cfg.train_dataloader.dataset.update(dataset)
    return cfg


def test_loading_by_hand(tmp_path, monkeypatch):
    """A clock that goes on by 1, 2, 3... s from look to look."""
    cfg = loaded_config(tmp_path)
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
    ]
    looks = itertools.accumulate(itertools.count(1))
    ticks = []
    monkeypatch.setattr('time.perf_counter', lambda: next(looks))
    loading = time_loading('a', cfg, 2, lambda: ticks.append(1))
    monkeypatch.undo()
    # 1 and 3 of the first image, then 6 to 10, 15 to 21, 28 to 36, 45 to 55.
    assert loading.transforms == [
        ('LoadImageFromFile', [4, 8]),
        ('LoadAnnotations', [6, 10]),
    ]
    assert loading.images == 2 and loading.seconds == 14 and len(ticks) == 3
    text = write_loading([loading], tmp_path).read_text()
    assert '## a: 14000.0 ms an image, 0 images/s a worker' in text
    assert '| LoadAnnotations | 8000.00 ms | 57 % |' in text
    table = loading_table(loading)
    assert table.title == loading.title and table.row_count == 2
    assert tuple(column.header for column in table.columns) == COLUMNS


def test_loading_of_a_wrapped_data_set_is_refused(tmp_path):
    cfg = loaded_config(tmp_path)
    inner = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=inner
    )
    with pytest.raises(ValueError, match='a: the training set is a Repeat'):
        time_loading('a', cfg, 1)
