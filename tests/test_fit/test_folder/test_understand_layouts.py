"""The generated rooms in the layouts that people have."""

import pytest
from fit_folders import (
    NAMES,
    NUMBER,
    both,
    check_labels,
    coloured,
    dense,
    read_all,
    rooms,
    save,
    write,
    write_images,
    write_labels,
)

from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.understand import understand


@pytest.mark.parametrize(
    ('image', 'mask'),
    [
        ('{split}/{name}.jpg', '{split}_labels/{name}_L.png'),
        ('{split}/{name}.jpg', '{split}annot/{name}.png'),
        ('images/{split}/{name}.jpg', 'masks/{split}/{name}_mask.png'),
        ('{split}/images/{name}.jpg', '{split}/masks/{name}-mask.png'),
        ('{split}/{name}.jpg', '{split}/{name}_mask.png'),
        (
            'leftImg8bit/{split}/city/{name}_leftImg8bit.png',
            'gtFine/{split}/city/{name}_gtFine_labelIds.png',
        ),
        ('x/imgs/{split}/{name}.JPG', 'x/gt/{split}/{name}_gt.png'),
        ('images/{split}/{name}.jpg', 'labels/{name}.png'),
    ],
)
def test_layouts_with_splits(tmp_path, image, mask):
    for i, (picture, ids, _) in enumerate(rooms()):
        split = ('train', 'train', 'val')[i % 3]
        where = dict(split=split, name=NAMES[i])
        save(tmp_path / 'a' / image.format(**where), picture)
        save(tmp_path / 'a' / mask.format(**where), ids)
        if 'gtFine' in mask:
            colours = mask.replace('labelIds', 'color').format(**where)
            save(tmp_path / 'a' / colours, coloured(ids))
    found, prepared = both(tmp_path / 'a', tmp_path / 'out')
    assert not found.split_made
    assert prepared.counts == {'train': 4, 'val': 2, 'test': 0}
    check_labels(prepared, dense)


@pytest.mark.parametrize(
    ('image', 'mask'),
    [
        ('{}.jpg', '{}_mask.png'),
        ('{}.jpg', '{}.png'),
        ('JPEGImages/{}.jpg', 'SegmentationClass/{}.png'),
        ('img_{}.jpg', 'mask_{}.png'),
        ('pictures/{}.png', 'annotations/{}_seg.png'),
        ('images/{}.jpg', 'images/{}_labels.png'),
    ],
)
def test_layouts_without_splits(tmp_path, image, mask):
    for name, (picture, ids, _) in zip(NAMES, rooms(), strict=True):
        save(tmp_path / 'a' / image.format(name), picture)
        save(tmp_path / 'a' / mask.format(name), ids)
    save(tmp_path / 'a/__MACOSX/._x.png', rooms()[0][1])
    write(tmp_path / 'a/.DS_Store', 'x')
    write(tmp_path / 'a/Thumbs.db', 'x')
    found = understand(tmp_path / 'a')
    assert found.split_made
    truth = {
        pair.image: pair.truth for s in found.pairs.values() for pair in s
    }
    assert truth == {image.format(n): mask.format(n) for n in NAMES}
    read = read_all(prepare(found, tmp_path / 'out'))
    assert len(read) == NUMBER


def test_suffixes_of_many_kinds(tmp_path):
    suffixes = ['.jpg', '.png', '.JPG', '.jpeg', '.bmp', '.webp']
    for name, suffix, room in zip(NAMES, suffixes, rooms(), strict=True):
        save(tmp_path / f'a/images/{name} x{suffix}', room[0])
        save(tmp_path / f'a/masks/{name} x.png', room[1])
    _, prepared = both(tmp_path / 'a', tmp_path / 'out')
    check_labels(prepared, dense)


def test_voc_lists(tmp_path):
    write_images(tmp_path, 'JPEGImages')
    write_labels(tmp_path, 'SegmentationClass')
    write_labels(tmp_path, 'SegmentationObject')
    lists = tmp_path / 'ImageSets/Segmentation'
    write(lists / 'train.txt', '\n'.join(NAMES[:4]))
    write(lists / 'val.txt', '\n'.join(NAMES[4:5]))
    found = understand(tmp_path)
    assert [p.image for p in found.pairs['val']] == ['JPEGImages/room_04.jpg']
    assert len(found.pairs['train']) == 4
    assert any('in no list' in line for line in found.lines())
