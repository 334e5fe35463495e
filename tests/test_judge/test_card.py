"""The card's parts."""

from pathlib import Path

from xnet_mm.judge.card import describe_sides, left_out, versions
from xnet_mm.judge.digest import file_digest, set_digest
from xnet_mm.judge.pairs import Pair, Pairing


def test_sides(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a b')
    pairing = Pairing((), (), (), (path,))
    judged = [
        (Pair('x/a', Path('p/x/a.npy'), Path('t/1.png')), ('11', '22')),
        (Pair('b', Path('p/b.png'), None), ('33', '')),
        (Pair('c', Path('p/c.png'), Path('t/c.tif')), ('44', '')),
    ]
    found = describe_sides((path, None), pairing, judged)
    assert found['predictions'] == dict(
        path=str(path),
        files=3,
        sha256=set_digest(
            [('b.png', '33'), ('c.png', '44'), ('x/a.npy', '11')]
        ),
    )
    assert found['truth'] == dict(
        path=str(path), files=1, sha256=set_digest([('x/a.png', '22')])
    )
    assert found['lists'] == {str(path): file_digest(path)}


def test_left_out():
    assert left_out([('a', 'x')], [('b', 'y')]) == [
        dict(file='a', why='x'),
        dict(file='b', why='y'),
    ]


def test_versions_are_texts():
    found = versions()
    assert [*found] == ['xnet_mm', 'python', 'numpy', 'torch', 'opencv']
    assert all(isinstance(v, str) and v[0].isdigit() for v in found.values())
