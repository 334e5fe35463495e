import re
import warnings

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from xnet_mm.datasets import FolderSegDataset
from xnet_mm.datasets.label_check import image_size, label_ids, read_ids

CLASSES = ('road', 'grass', 'other')


def save(path, array, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path, **kwargs)


def label(*ids):
    """An 8x12 label map with the given ids in turn."""
    return np.resize(np.array(ids, np.uint8), (8, 12))


@pytest.fixture
def root(tmp_path):
    for name, ids in (('a', (0, 1)), ('b', (1, 2, 255))):
        save(tmp_path / f'images/{name}.jpg', np.zeros((8, 12, 3), np.uint8))
        save(tmp_path / f'labels/{name}.png', label(*ids))
    return tmp_path


def build(root, **kwargs):
    kwargs = {
        'data_prefix': dict(img_path='images', seg_map_path='labels'),
        'metainfo': dict(classes=CLASSES),
        **kwargs,
    }
    return FolderSegDataset(data_root=str(root), **kwargs)


def test_a_right_folder_loads(root):
    init_default_scope('mmseg')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        dataset = build(root)
    paths = [dataset.get_data_info(i)['seg_map_path'] for i in range(2)]
    assert paths == [str(root / 'labels/a.png'), str(root / 'labels/b.png')]
    assert dataset.metainfo['classes'] == CLASSES
    assert np.shape(dataset.metainfo['palette']) == (3, 3)


def test_split_file_chooses(root):
    (root / 'train.txt').write_text('b\n')
    dataset = build(root, ann_file='train.txt')
    assert [d['img_path'] for d in dataset] == [str(root / 'images/b.jpg')]


def test_id_without_class(root):
    save(root / 'labels/b.png', label(0, 3, 7))
    message = (
        'b.png: holds id 3, 7, but 3 classes are the ids 0..2. Name every '
        'class in metainfo=dict(classes=...) and give the head the same '
        'number (model.decode_head.num_classes)'
    )
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        build(root)
    assert 'reduce_zero_label' not in str(error.value)
    assert 'a.png' not in str(error.value)


def test_ids_that_start_at_one(root):
    save(root / 'labels/b.png', label(0, 3))
    with pytest.raises(ValueError, match=r'b\.png.*reduce_zero_label=True'):
        build(root)
    build(root, reduce_zero_label=True)
    save(root / 'labels/b.png', label(4))
    with pytest.raises(ValueError, match=r'holds id 4, but .* ids 1\.\.3'):
        build(root, reduce_zero_label=True)


def test_all_wrong_files_are_named_at_once(root):
    for i in range(12):
        save(root / f'images/x{i:02d}.jpg', np.zeros((8, 12, 3), np.uint8))
        save(root / f'labels/x{i:02d}.png', label(9))
    with pytest.raises(ValueError, match=r'images: 12 wrong file') as error:
        build(root)
    assert 'x09.png' in str(error.value)
    assert str(error.value).endswith('... and 2 more')


@pytest.mark.parametrize(
    'mode, suffix',
    [('RGB', '.png'), ('RGBA', '.png'), ('LA', '.png'), ('F', '.tif')],
)
def test_mask_that_holds_no_ids(root, mode, suffix):
    for name in 'ab':
        Image.new(mode, (12, 8)).save(root / f'labels/{name}{suffix}')
    message = rf'a\{suffix}: a {mode} picture; .* one channel'
    with pytest.raises(ValueError, match=message):
        build(root, seg_map_suffix=suffix)


def test_palette_label_map_is_read_by_index(root):
    mask = Image.fromarray(label(0, 2, 255))
    mask.putpalette(list(range(256)) * 3)
    mask.save(root / 'labels/a.png')
    with Image.open(root / 'labels/a.png') as saved:
        assert saved.mode == 'P'
        assert label_ids(saved) == {0, 2, 255}
    build(root)


def test_16_bit_ids_do_not_wrap(root):
    ids = label(0, 1).astype(np.uint16)
    save(root / 'labels/a.png', ids)
    build(root)
    save(root / 'labels/a.png', ids + 256)
    with pytest.raises(ValueError, match=r'a\.png: holds id 256, 257'):
        build(root)


def test_jpeg_label_map(root):
    save(root / 'labels/a.png', label(0), format='JPEG')
    with pytest.raises(ValueError, match=r'a\.png: a JPEG'):
        build(root)


def test_image_without_label(root):
    (root / 'labels/a.png').unlink()
    with pytest.raises(ValueError, match=r'labels/a\.png: no such label map'):
        build(root)
    assert len(build(root, test_mode=True)) == 2


def test_label_without_image(root):
    (root / 'images/b.jpg').unlink()
    with pytest.raises(ValueError, match=r'b\.png: a label map without an im'):
        build(root)


@pytest.mark.parametrize('line', ['c', 'a.jpg', 'images/a', ''])
def test_split_file_names_what_is_not_there(root, line):
    (root / 'train.txt').write_text(f'a\n{line}\n')
    path = re.escape(f'images/{line}.jpg: no such image; ')
    with pytest.raises(ValueError, match=path + r'.*train\.txt holds one'):
        build(root, ann_file='train.txt')


def test_size_mismatch(root):
    save(root / 'labels/a.png', label(0)[:, :10])
    with pytest.raises(
        ValueError, match=r'a\.png: 10x8 pixels, but .*a\.jpg has 12x8'
    ):
        build(root)


def test_exif_rotation_counts(root):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees, as phones write it
    path = root / 'images/a.jpg'
    save(path, np.zeros((8, 12, 3), np.uint8), exif=exif)
    assert image_size(path) == (8, 12)
    with pytest.raises(ValueError, match=r'a\.jpg has 8x12'):
        build(root)


def test_empty_split(root):
    (root / 'train.txt').touch()
    with pytest.raises(ValueError, match=r'train\.txt: the split file is emp'):
        build(root, ann_file='train.txt')
    with pytest.raises(
        ValueError,
        match=r"no image ends with img_suffix='\.bmp'; found .*: \.jpg",
    ):
        build(root, img_suffix='.bmp')


def test_missing_folder_and_split_file(root):
    with pytest.raises(ValueError, match=r"no folder '.*/images/train'"):
        build(root, data_prefix=dict(img_path='images/train'))
    with pytest.raises(ValueError, match="no folder ''"):
        build(root, data_prefix=dict(img_path='images'))
    with pytest.raises(ValueError, match=r"no split file '.*/val\.txt'"):
        build(root, ann_file='val.txt')


@pytest.mark.parametrize('classes', [None, (), 'road'])
def test_class_names_are_wanted(root, classes):
    with pytest.raises(ValueError, match=r'wanted class names .* got classes'):
        build(root, metainfo=dict(classes=classes) if classes else {})


@pytest.mark.parametrize('which', ['images/a.jpg', 'labels/a.png'])
def test_truncated_file(root, which):
    data = (root / which).read_bytes()
    (root / which).write_bytes(data[: len(data) // 2 if 'png' in which else 9])
    with pytest.raises(ValueError, match=rf'{re.escape(which)}: unreadable'):
        build(root)


def test_binary_mask_of_0_and_255_warns(root):
    for name in 'ab':
        save(root / f'labels/{name}.png', label(0, 255))
    with pytest.warns(UserWarning, match='Binary masks want the ids 0 and 1'):
        build(root)


def test_check_can_be_skipped(root):
    save(root / 'labels/a.png', label(99))
    assert len(build(root, check=False)) == 2


def test_ranks_share_the_work(root, monkeypatch):
    save(root / 'labels/b.png', label(99))
    info = 'xnet_mm.datasets.folder_dataset.get_dist_info'
    monkeypatch.setattr(info, lambda: (0, 2))
    build(root)
    monkeypatch.setattr(info, lambda: (1, 2))
    with pytest.raises(ValueError, match=r'b\.png'):
        build(root)


def test_read_ids_is_what_mmseg_loads(root):
    init_default_scope('mmseg')
    pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    for item in build(root, pipeline=pipeline):
        ids = read_ids(item['img_path'], item['seg_map_path'])
        assert ids == set(np.unique(item['gt_seg_map']).tolist())
