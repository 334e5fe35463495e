"""A cache of label maps for a test alone, and what is read beside it."""

import os

import pytest

from xnet_mm.datasets import label_cache, label_check


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the cache is; files that were made just now count."""
    monkeypatch.setenv('XNET_MM_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(label_cache, 'SETTLED', 0)
    return tmp_path / 'cache/label_ids'


@pytest.fixture
def read(monkeypatch):
    """Names of the label maps that are read."""
    names, original = [], label_check.read_ids

    def read_ids(image, path):
        names.append(os.path.basename(path))
        return original(image, path)

    monkeypatch.setattr(label_check, 'read_ids', read_ids)
    return names
