import pytest

from xnet_mm.errors import clear_errors
from xnet_mm.fit.folder.terms import FolderError, Pair
from xnet_mm.fit.folder.understand import understand


def test_a_pair_sorts_by_its_image():
    pairs = [Pair('b', 'a'), Pair('a', 'b', 3)]
    assert sorted(pairs) == [('a', 'b', 3), ('b', 'a', -1)]


def test_the_error_is_told_without_a_traceback(tmp_path):
    with pytest.raises(SystemExit, match='no such folder') as raised:
        clear_errors(understand)(tmp_path / 'x')
    assert isinstance(raised.value.__cause__, FolderError)
