from dataclasses import replace

import numpy as np
import pytest

from xnet_mm.fit.folder.prepared import (
    DepthStatistics,
    Prepared,
    load,
    read,
    save,
)


@pytest.fixture
def prepared(tmp_path):
    return Prepared(
        folder=tmp_path,
        task='segmentation',
        train=dict(type='x', data_prefix=dict(img_path='a')),
        val=dict(type='x'),
        test=None,
        counts=dict(train=2, val=1, test=0),
        image_size=(3, 4),
        classes=('a', 'b'),
        palette=((1, 2, 3), (4, 5, 6)),
        class_shares=np.array([0.25, 0.75]),
        depth=DepthStatistics(1.0, 2.0, (1.1, 1.2, 1.3), 0.5),
        notes=('n',),
    )


def test_what_is_saved_comes_back(tmp_path, prepared):
    (tmp_path / 'train.txt').write_text('a\n')
    save(prepared, tmp_path, 'f')
    found = load(tmp_path, 'f')
    assert found.was_there
    np.testing.assert_array_equal(found.class_shares, [0.25, 0.75])
    assert replace(found, class_shares=None) == replace(
        prepared, class_shares=None, was_there=True
    )


def test_of_another_fingerprint_or_with_a_file_gone(tmp_path, prepared):
    (tmp_path / 'train.txt').write_text('a\n')
    save(prepared, tmp_path, 'f')
    assert load(tmp_path, 'g') is None
    (tmp_path / 'train.txt').unlink()
    assert load(tmp_path, 'f') is None


def test_nothing_or_somebody_elses(tmp_path):
    assert load(tmp_path, 'f') is None
    for text in ('{', '[]', '{"fingerprint": "f"}'):
        (tmp_path / 'prepared.json').write_text(text)
        assert read(tmp_path) == {} and load(tmp_path, 'f') is None
