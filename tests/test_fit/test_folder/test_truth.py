import numpy as np
import pytest
from fit_folders import save

from xnet_mm.fit.folder.classes import Style
from xnet_mm.fit.folder.terms import Pair
from xnet_mm.fit.folder.truth import PictureTruth

PAIR = Pair('a.jpg', 'a.png')


def truth(root, reading):
    return PictureTruth(root, Style('ids', reading, None, ()))


def test_read(tmp_path):
    ids = np.arange(6, dtype=np.uint8).reshape(2, 3)
    save(tmp_path / 'a.png', ids)
    found = truth(tmp_path, 'values').read(PAIR, (2, 3))
    np.testing.assert_array_equal(found.values, ids)
    assert found.plain
    assert not truth(tmp_path, 'threshold').read(PAIR, (2, 3)).plain


def test_errors(tmp_path):
    save(tmp_path / 'a.png', np.zeros((2, 3), np.uint8) + 3)
    with pytest.raises(
        ValueError, match=r'a.png: 3x2 pixels, but .*a.jpg has'
    ):
        truth(tmp_path, 'values').read(PAIR, (2, 4))
    with pytest.raises(ValueError, match=r'a.png: holds 3, where other masks'):
        truth(tmp_path, 'ends').read(PAIR, (2, 3))
