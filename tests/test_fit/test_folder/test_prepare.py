"""Whole or not at all, the same each time, and done once."""

import os
import shutil

import pytest
from fit_folders import NAMES, rooms, save, write, write_ids, write_labels
from fit_folders import write_depth as write_depth_files

from xnet_mm.fit.folder import prepare as module
from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.terms import FolderError
from xnet_mm.fit.folder.understand import understand


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def write_binary(root):
    write_ids(root)
    write_labels(root, change=lambda ids: 255 * (ids == 0).astype('uint8'))


def test_a_second_call_finds_it_done(tmp_path, monkeypatch):
    write_binary(tmp_path / 'a')
    first = prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert not first.was_there
    before = contents(tmp_path / 'out')

    def never(*args):
        raise AssertionError('read again')

    monkeypatch.setattr(module, 'prepare_labels', never)
    second = prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert second.was_there and second.train == first.train
    assert contents(tmp_path / 'out') == before


def test_it_is_reproducible(tmp_path):
    write_binary(tmp_path / 'a')
    prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    before = contents(tmp_path / 'out')
    shutil.rmtree(tmp_path / 'out')
    prepare(understand(tmp_path / 'a'), tmp_path / 'out', workers=1)
    assert contents(tmp_path / 'out') == before


def test_a_changed_folder_is_noticed(tmp_path):
    root, out = tmp_path / 'a', tmp_path / 'out'
    write_binary(root)
    prepare(understand(root), out)
    save(
        root / 'masks/room_01.png', 255 * (rooms()[1][1] == 1).astype('uint8')
    )
    os.utime(root / 'masks/room_01.png', (1, 1))
    changed = prepare(understand(root), out)
    assert not changed.was_there
    (root / 'images/room_05.jpg').unlink()
    fewer = prepare(understand(root), out)
    assert not fewer.was_there and sum(fewer.counts.values()) == 5
    assert len([*(out / 'data/labels').rglob('*.png')]) == 5
    assert [path.name for path in out.iterdir()] == ['data']


def test_what_is_not_ours_stays(tmp_path):
    write_ids(tmp_path / 'a')
    write(tmp_path / 'out/data/mine.txt', 'x')
    with pytest.raises(FolderError, match='there already, and not made here'):
        prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert contents(tmp_path / 'out')[next(iter(contents(tmp_path / 'out')))]


def test_after_an_error_what_was_there_stays(tmp_path):
    root, out = tmp_path / 'a', tmp_path / 'out'
    write_binary(root)
    prepare(understand(root), out)
    before = contents(out)
    found = understand(root)
    (root / 'masks/room_02.png').write_bytes(b'x')
    with pytest.raises(FolderError, match=r'room_02\.png: unreadable'):
        prepare(found, out)
    assert contents(out) == before
    assert [path.name for path in out.iterdir()] == ['data']


def test_what_a_killed_process_left_is_removed(tmp_path):
    write_ids(tmp_path / 'a')
    write(tmp_path / 'out/data.99999999.tmp/x', 'x')
    write(tmp_path / f'out/data.{os.getppid()}.tmp/x', 'x')  # it lives
    write(tmp_path / 'out/data.x.tmp/x', 'x')
    prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'data',
        f'data.{os.getppid()}.tmp',
        'data.x.tmp',
    ]


def test_depth_with_blanks_in_names(tmp_path):
    write_ids(tmp_path / 'a')
    write_depth_files(tmp_path / 'a')
    for name in NAMES:
        for end in (f'images/{name}.jpg', f'depth/{name}.png'):
            path = tmp_path / 'a' / end
            path.rename(path.with_name(f'a {path.name}'))
    found = understand(tmp_path / 'a', task='depth')
    prepared = prepare(found, tmp_path / 'out')
    assert 'linked' in prepared.notes[0]
    rows = (tmp_path / 'out/data/val.txt').read_text().splitlines()
    assert all(os.path.exists(path) for row in rows for path in row.split())
