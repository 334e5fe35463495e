"""What is refused before anything is judged."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xnet_mm.judge.files import Files, png


def test_refuse():
    files = Files(Path('p'), Path('t'), Path('out'))
    files.refuse([], 'files')
    with pytest.raises(
        ValueError, match=r'(?s)1 file:\n  a: why\nMend .*--allow-missing'
    ):
        files.refuse([('a', 'why')], 'files')
    allowing = Files(Path('p'), None, Path('out'), allow_missing=True)
    allowing.refuse([('a', 'why')], 'files')


def test_pair(tmp_path):
    for name in ('p/a.npy', 't/a.npy', 't/b.npy'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given = (tmp_path / 'p', tmp_path / 't', tmp_path / 'out')
    with pytest.raises(ValueError, match='1 file without a partner:'):
        Files(*given).pair(('.npy',))
    found = Files(*given, allow_missing=True).pair(('.npy',))
    assert [pair.name for pair in found.pairs] == ['a']
    assert found.alone == ((f'{tmp_path}/t/b.npy', 'no prediction'),)


def test_png(tmp_path):
    picture = np.random.default_rng(0).integers(256, size=(5, 7, 3))
    picture = picture.astype(np.uint8)
    (tmp_path / 'a.png').write_bytes(png(picture))
    assert np.array_equal(Image.open(tmp_path / 'a.png'), picture)
