"""A second start reads what changed, and is never wrong for being fast."""

import json
import multiprocessing
import os
import shutil

import numpy as np
import pytest
from label_starts import reads_of
from seg_pairs import build, label, make_pairs, save

from xnet_mm.datasets import label_cache, label_check
from xnet_mm.datasets.label_cache import LabelCache, cache_path, stamps_of

FORK = multiprocessing.get_context('fork')  # imports nothing again
RAW = dict(compress_level=0)  # PNGs whose length says nothing of the ids


@pytest.fixture
def root(tmp_path, folder):
    return make_pairs(tmp_path / 'data')


def test_a_second_start_reads_nothing(root, read, monkeypatch):
    told = []
    monkeypatch.setattr(
        label_check, 'print_log', lambda text, **_: told.append(text)
    )
    assert reads_of(read, root) == ['a.png', 'b.png']
    assert told == []
    assert reads_of(read, root) == []
    (text,) = told
    assert text.startswith(f'{root}/images: 2 of 2 label maps are the same')
    (root / 'images/a.jpg').rename(root / 'images/c.jpg')
    (root / 'labels/a.png').rename(root / 'labels/c.png')
    assert reads_of(read, root) == ['c.png']


def test_same_size_other_content_other_time(root, read):
    path = root / 'labels/a.png'
    save(path, label(0, 1), **RAW)
    build(root)
    before = path.stat()
    save(path, label(0, 7), **RAW)
    assert path.stat().st_size == before.st_size
    with pytest.raises(ValueError, match=r'a\.png: holds id 7'):
        build(root)
    assert reads_of(read, root, metainfo=dict(classes=[*'abcdefgh'])) == []


def test_same_size_and_an_old_date(root, tmp_path):
    """As `cp -p` and `rsync -t` leave it."""
    path, other = root / 'labels/a.png', tmp_path / 'other.png'
    save(path, label(0, 1), **RAW)
    build(root)
    before = path.stat()
    save(other, label(0, 7), **RAW)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    shutil.copy2(other, path)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (
        before.st_size,
        before.st_mtime_ns,
    )
    with pytest.raises(ValueError, match=r'a\.png: holds id 7'):
        build(root)


def test_an_image_that_changed(root):
    build(root)
    save(root / 'images/a.jpg', np.zeros((8, 13, 3), np.uint8))
    with pytest.raises(ValueError, match=r'a\.png: 12x8 .* 13x8'):
        build(root)


def test_a_file_that_is_gone(root):
    build(root)
    (root / 'labels/a.png').unlink()
    with pytest.raises(ValueError, match=r'a\.png: no such label map'):
        build(root)


def test_other_settings_judge_anew(root, read):
    build(root)
    with pytest.raises(ValueError, match=r'b\.png: holds id 2'):
        build(root, metainfo=dict(classes=('road', 'grass')))
    with pytest.raises(ValueError, match=r'b\.png: holds id 255'):
        build(root, ignore_index=0)
    with pytest.raises(ValueError, match=r'b\.png: holds id 255'):
        build(root, ignore_index=1, reduce_zero_label=True)
    assert reads_of(read, root, metainfo=dict(classes=[*'abcd'])) == []


def test_a_wrong_file_is_read_again_each_time(root, read):
    save(root / 'labels/b.png', label(9))
    for _ in range(2):
        read.clear()
        with pytest.raises(ValueError, match=r'b\.png: holds id 9'):
            build(root)
        assert 'b.png' in read
    assert read == ['b.png']  # and the good one only once


def test_another_limit_on_pixels_reads_again(root, read, monkeypatch):
    build(root)
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', '50')
    with pytest.raises(ValueError, match=r'a\.png: unreadable .*limit of 50'):
        build(root)


def test_what_is_young_proves_nothing(root, read, monkeypatch):
    monkeypatch.setattr(label_cache, 'SETTLED', 10**18)
    build(root)
    assert reads_of(read, root) == ['a.png', 'b.png']
    path = root / 'labels/a.png'
    monkeypatch.setattr(label_cache, 'SETTLED', 0)
    os.utime(path, ns=(0, 2 * 10**18))  # of the year 2033
    newest = path.stat().st_mtime_ns
    monkeypatch.setattr(label_cache.time, 'time_ns', lambda: newest - 1)
    assert stamps_of(path) is None
    monkeypatch.setattr(label_cache.time, 'time_ns', lambda: newest + 1)
    assert stamps_of(path)[:2] == [path.stat().st_size, newest]
    assert stamps_of(path, root / 'gone') is None


def test_switched_off(root, folder, read, monkeypatch):
    monkeypatch.setenv('XNET_MM_CACHE', 'off')
    build(root)
    assert reads_of(read, root) == ['a.png', 'b.png']
    assert not folder.exists()
    assert reads_of(read, root, check=False) == []


def test_where_it_lies(monkeypatch, tmp_path):
    for name in ('XNET_MM_CACHE', 'XDG_CACHE_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))
    path = cache_path(['images', 'labels'])
    assert path.parent == tmp_path / '.cache/xnet_mm/label_ids'
    assert cache_path(['images', 'labels', 'val.txt']).name != path.name
    monkeypatch.chdir(tmp_path)
    assert cache_path(['images', 'labels']).name != path.name
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'xdg'))
    assert cache_path(['x']).parent == tmp_path / 'xdg/xnet_mm/label_ids'
    monkeypatch.setenv('XNET_MM_CACHE', '~/here')
    assert cache_path(['x']).parent == tmp_path / 'here/label_ids'


def test_a_place_that_cannot_be_written(root, read, monkeypatch):
    told = []
    monkeypatch.setattr(
        label_cache, 'print_log', lambda text, **_: told.append(text)
    )
    (root / 'file').touch()
    monkeypatch.setenv('XNET_MM_CACHE', str(root / 'file'))
    build(root)
    (text,) = told
    assert 'cannot be kept' in text and str(root / 'file') in text
    assert reads_of(read, root) == ['a.png', 'b.png']


def test_nothing_of_the_data_folder_is_touched(root):
    before = sorted(root.rglob('*'))
    build(root)
    build(root)
    assert sorted(root.rglob('*')) == before


def test_interrupted_and_gone_on_with(root, read, monkeypatch):
    original = label_check.read_ids

    def interrupted(image, path):
        if path.endswith('b.png'):
            raise KeyboardInterrupt
        return original(image, path)

    with monkeypatch.context() as patch:
        patch.setattr(label_check, 'read_ids', interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(root)
    assert reads_of(read, root) == ['b.png']


def write(path, labels, name, barrier):
    cache = LabelCache(path, labels)
    for number in range(20):
        cache.put('image', labels[20 * name + number], [1, 2, 3], {name})
        barrier.wait(60)
        cache.save()


def test_two_processes_lose_nothing(tmp_path):
    path = tmp_path / 'cache/one.json'
    labels = [str(tmp_path / f'{i}.png') for i in range(40)]
    barrier = FORK.Barrier(2)
    processes = [
        FORK.Process(target=write, args=(path, labels, name, barrier))
        for name in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    cache = LabelCache(path)
    assert [cache.get('image', p, [1, 2, 3]) for p in labels] == [
        *[{0}] * 20,
        *[{1}] * 20,
    ]
    assert [p.name for p in path.parent.glob('*.tmp')] == []


def test_each_rank_adds_its_share(root, read, monkeypatch):
    info = 'xnet_mm.datasets.folder_dataset.get_dist_info'
    for rank in range(2):
        monkeypatch.setattr(info, lambda rank=rank: (rank, 2))
        build(root)
    monkeypatch.setattr(info, lambda: (0, 1))
    assert reads_of(read, root) == []


def test_entries_of_others_are_dropped(tmp_path):
    path = tmp_path / 'one.json'
    for name in 'ab':
        cache = LabelCache(path, [name])
        cache.put('image', name, [1], {0})
        cache.save()
    files = json.loads(path.read_text())['files']
    assert [*files] == [os.path.abspath('b')]
    assert LabelCache(path).get('image', 'b', [1]) == {0}
    assert LabelCache(path).get('other', 'b', [1]) is None
    assert LabelCache(path).get('image', 'b', [2]) is None
    assert LabelCache(path).get('image', 'b', None) is None


def test_wide_ids_and_odd_names(root, read):
    name = os.fsdecode(b'\xff\xe4 "\\') + 'ü'
    save(root / f'images/{name}.jpg', np.zeros((8, 12, 3), np.uint8))
    save(root / f'labels/{name}.png', np.full((8, 12), 2, np.uint16))
    assert len(reads_of(read, root)) == 3
    assert reads_of(read, root) == []
