"""The start of data sets is measured on what it says, and leaves nothing."""

import os
import re

import cv2
import pytest
from rich.console import Console

from xnet_mm.benchmark import startup
from xnet_mm.benchmark.startup import (
    report_startup,
    time_startup,
    write_pairs,
)
from xnet_mm.datasets import label_check


def test_files_that_differ(tmp_path):
    write_pairs(tmp_path, 3)
    for folder, suffix, depth in (
        ('images', 'jpg', 'uint8'),
        ('labels', 'png', 'uint8'),
        ('depth', 'png', 'uint16'),
    ):
        files = [*(tmp_path / folder).iterdir()]
        names = sorted(path.name for path in files)
        assert names == [f'000000{i}.{suffix}' for i in range(3)]
        assert len({path.read_bytes() for path in files}) == 3
        read = cv2.imread(str(files[0]), cv2.IMREAD_UNCHANGED)
        assert (read.shape, str(read.dtype)) == ((96, 128), depth)


@pytest.mark.parametrize('told', [None, 'elsewhere'])
def test_first_and_second_start(told, monkeypatch, tmp_path):
    reads, original = [], label_check.read_ids

    def read_ids(*pair):
        reads.append(pair)
        return original(*pair)

    monkeypatch.setattr(label_check, 'read_ids', read_ids)
    monkeypatch.setattr(startup.time, 'sleep', lambda seconds: None)
    monkeypatch.setattr('xnet_mm.datasets.label_cache.SETTLED', 0)
    monkeypatch.chdir(tmp_path)
    if told:
        monkeypatch.setenv('XNET_MM_CACHE', told)
    else:
        monkeypatch.delenv('XNET_MM_CACHE')
    rows = time_startup(5)
    assert len(reads) == 5  # of two starts
    assert os.environ.get('XNET_MM_CACHE') == told
    assert [*tmp_path.iterdir()] == []
    assert [row[0] for row in rows] == [
        '5 images and label maps',
        '5 images and depth maps',
    ]
    assert all(re.fullmatch(r'\d+\.\d\d s', s) for r in rows for s in r[1:])


def test_report(monkeypatch, tmp_path, capsys):
    rows = [('5 images', '2.00 s', '1.00 s'), ('6 images', '4.00 s', '3.00 s')]
    monkeypatch.setattr(startup, 'time_startup', lambda number: rows)
    report = report_startup(5, tmp_path / 'out', Console())
    assert '| 6 images | 4.00 s | 3.00 s |' in report.read_text()
    assert '2.00 s' in capsys.readouterr().out
