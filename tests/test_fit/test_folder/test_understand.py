"""The generated rooms in many layouts: right classes and metres."""

import shutil

import numpy as np
import pytest
from fit_folders import (
    NAMES,
    both,
    check_labels,
    coco,
    coloured,
    dense,
    read_all,
    rooms,
    save,
    write,
    write_depth,
    write_ids,
    write_images,
    write_labels,
    yolo,
)
from real_data import REAL, needs_real

from xnet_mm.datasets.scenes.dataset import PALETTE
from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.fit.folder.understand import understand


def csv_palette(root):
    rows = [
        f'{name},{r},{g},{b}'
        for name, (r, g, b) in zip(CLASSES, PALETTE, strict=True)
    ]
    write(root / 'class_dict.csv', 'name,r,g,b\n' + '\n'.join(rows))


def test_ids(tmp_path):
    write_ids(tmp_path / 'a')
    write(tmp_path / 'a/classes.txt', '\n'.join(CLASSES))
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert found.task == 'segmentation' and found.kind == 'ids'
    assert found.classes == prepared.classes == CLASSES
    assert not (tmp_path / 'out/data/labels').exists()  # used in place
    assert found.split_made and 'running numbers' in found.split_why
    assert prepared.counts == {'train': 5, 'val': 1, 'test': 0}
    assert prepared.image_size == (36, 48)
    check_labels(prepared, lambda ids: ids)
    names = (tmp_path / 'out/data/train.txt').read_text().split()
    labels = [rooms()[NAMES.index(n)][1] for n in names]
    shares = [np.mean([x == i for x in labels]) for i in range(len(CLASSES))]
    np.testing.assert_allclose(prepared.class_shares, shares)


def test_colours_with_palette(tmp_path):
    write_images(tmp_path / 'a')
    write_labels(tmp_path / 'a', 'labels', coloured, '_L.png')
    csv_palette(tmp_path / 'a')
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert found.kind == 'colours'
    assert found.classes == CLASSES
    assert found.palette == PALETTE
    check_labels(prepared, lambda ids: ids)


def test_colours_without_palette(tmp_path):
    write_images(tmp_path / 'a')
    write_labels(tmp_path / 'a', change=coloured)
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    used = np.unique([room[1] for room in rooms()])
    colours = sorted(PALETTE[i] for i in used)
    assert list(prepared.palette) == colours
    assert found.classes[0] == 'colour #{:02x}{:02x}{:02x}'.format(*colours[0])
    table = np.array(
        [colours.index(c) if c in colours else 99 for c in PALETTE]
    )
    check_labels(prepared, lambda ids: table[ids])


def test_binary(tmp_path):
    write_images(tmp_path / 'a')
    write_labels(tmp_path / 'a', change=lambda ids: np.uint8(255 * (ids == 0)))
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert found.kind == 'binary 0/255'
    assert found.classes == ('background', 'foreground')
    check_labels(prepared, lambda ids: ids == 0)


def test_binary_as_jpeg(tmp_path):
    write_images(tmp_path / 'a')
    write_labels(
        tmp_path / 'a',
        change=lambda ids: np.uint8(255 * (ids == 0)),
        end='.jpg',
    )
    write(tmp_path / 'a/classes.txt', 'floor\n')
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert 'divided at 128' in ' '.join(found.lines())
    assert found.classes == ('background', 'floor')
    read = read_all(prepared)
    for name, (_, ids, _) in zip(NAMES, rooms(), strict=True):
        assert (read[name] == (ids == 0)).mean() > 0.99


@pytest.mark.parametrize('outline', [None, 'runs', 'mixed'])
@pytest.mark.parametrize('layout', ['coco', 'roboflow'])
def test_coco(tmp_path, layout, outline):
    root = tmp_path / 'a'
    for split, kept in (('train', 0), ('val', 1)):
        place = f'images/{split}2017' if layout == 'coco' else split
        names = [n for i, n in enumerate(NAMES) if i % 2 == kept]
        for name in names:
            save(root / place / f'{name}.jpg', rooms()[NAMES.index(name)][0])
        path = f'annotations/instances_{split}2017.json'
        if layout == 'roboflow':
            path = f'{split}/_annotations.coco.json'
        write(root / path, coco(split, outline))
    found, prepared = both(root, tmp_path / 'out')
    assert found.kind == 'coco' and not found.split_made
    used = np.unique([room[1] for room in rooms()])
    assert found.classes == ('background', *(CLASSES[i] for i in used))
    assert prepared.counts == {'train': 3, 'val': 3, 'test': 0}
    check_labels(prepared, lambda ids: dense(ids) + 1)


@pytest.mark.parametrize('layout', ['images/{}', '{}/images'])
def test_yolo(tmp_path, layout):
    root = tmp_path / 'a'
    for i, (image, ids, _) in enumerate(rooms()):
        place = layout.format('valid' if i % 2 else 'train')
        save(root / place / f'{NAMES[i]}.jpg', image)
        labels = place.replace('images', 'labels')
        write(root / labels / f'{NAMES[i]}.txt', yolo(ids))
    names = ''.join(f'- {name}\n' for name in CLASSES)
    write(root / 'data.yaml', f'train: x\nnc: {len(CLASSES)}\nnames:\n{names}')
    found, prepared = both(root, tmp_path / 'out')
    assert found.kind == 'yolo'
    assert found.classes == ('background', *CLASSES)
    check_labels(prepared, lambda ids: ids + 1)


@pytest.mark.parametrize(
    ('kind', 'scale', 'tolerance'),
    [
        ('mm', 1000, 6e-4),
        ('tiff mm', 1000, 6e-4),
        ('npy', 1, 1e-6),
        ('npz', 1, 1e-6),
        ('float tiff', 1, 1e-6),
    ],
)
def test_depth(tmp_path, kind, scale, tolerance):
    write_images(tmp_path / 'a', 'rgb')
    write_depth(tmp_path / 'a', kind=kind)
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert found.task == 'depth' and found.depth_scale == scale
    read = read_all(prepared)
    for name, (_, _, depth) in zip(NAMES, rooms(), strict=True):
        np.testing.assert_allclose(read[name], depth, atol=tolerance)
    names = [
        line.split()[0].split('/')[1].split('.')[0]
        for line in (tmp_path / 'out/data/train.txt').read_text().splitlines()
    ]
    values = np.array([rooms()[NAMES.index(name)][2] for name in names])
    statistics = prepared.depth
    np.testing.assert_allclose(
        (statistics.low, *statistics.percentiles, statistics.high),
        np.percentile(values, (0, 1, 50, 99, 100)),
        atol=1e-2,
    )
    assert statistics.valid_share == 1


def test_depth_of_another_scale_is_asked_for(tmp_path):
    write_images(tmp_path / 'a', 'rgb')
    write_depth(tmp_path / 'a', kind='256')
    found = understand(tmp_path / 'a', depth_scale=256)
    assert found.depth_scale == 256
    assert 'as given' in ' '.join(found.lines())


def test_both_truths(tmp_path):
    write_ids(tmp_path)
    write_depth(tmp_path)
    found = understand(tmp_path)
    assert found.task == 'segmentation'
    assert any('--task depth' in line for line in found.lines())
    assert understand(tmp_path, task='depth').task == 'depth'


def test_gaps_and_void(tmp_path):
    table = np.array([7, 24, 255, 40, 9, 8, 26, 33, 90, 100], np.uint8)
    write_images(tmp_path / 'a')
    write_labels(tmp_path / 'a', change=lambda ids: table[ids])
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    used = np.unique([table[room[1]] for room in rooms()])
    used = used[used < 255]
    assert prepared.classes == tuple(f'class {i}' for i in used)
    assert any('numbered anew: 7 -> 0' in line for line in found.lines())
    check_labels(
        prepared,
        lambda ids: np.where(ids == 2, 255, np.searchsorted(used, table[ids])),
    )


@needs_real('camvid')
@needs_real('hololens')
def test_real_folders():
    found = understand(REAL / 'camvid')
    assert {s: len(p) for s, p in found.pairs.items()} == {
        'train': 367,
        'val': 101,
        'test': 0,
    }
    assert len(found.classes) == 11
    depth = understand(REAL / 'hololens')
    assert (len(depth.pairs['train']), len(depth.pairs['val'])) == (300, 73)
    assert depth.depth_scale == 1000


@needs_real('formats')
@pytest.mark.parametrize(
    ('folder', 'scale'), [('kitti_256', 256), ('nyu_sync_mm', 1000)]
)
def test_real_units(tmp_path, folder, scale):
    shutil.copytree(REAL / 'formats' / folder, tmp_path / 'mine')
    found = understand(tmp_path / 'mine')
    assert found.depth_scale == scale
    assert sum(map(len, found.pairs.values())) == 3
