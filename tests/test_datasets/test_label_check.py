"""What is found in label maps before a training starts."""

import re
import warnings

import numpy as np
import picture_files
import pytest
from mmengine.registry import init_default_scope
from PIL import Image
from seg_pairs import build, label, make_pairs, save

from xnet_mm.datasets import FolderSegDataset
from xnet_mm.datasets.label_check import (
    check_pairs,
    describe_wrong_ids,
    label_ids,
    raise_problems,
    read_ids,
)
from xnet_mm.fileio.images import read_size


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


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
    save(root / 'labels/a.png', ids + 298)
    with pytest.raises(ValueError, match=r'a\.png: holds id 298, 299'):
        build(root)


def test_jpeg_label_map(root):
    save(root / 'labels/a.png', label(0), format='JPEG')
    with pytest.raises(ValueError, match=r'a\.png: a JPEG'):
        build(root)


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
    assert read_size(path) == (8, 12)
    with pytest.raises(ValueError, match=r'a\.jpg has 8x12'):
        build(root)


@pytest.mark.parametrize('which', ['images/a.jpg', 'labels/a.png'])
def test_truncated_file(root, which):
    data = (root / which).read_bytes()
    (root / which).write_bytes(data[: len(data) // 2 if 'png' in which else 9])
    with pytest.raises(ValueError, match=rf'{re.escape(which)}: unreadable'):
        build(root)


def write_all(root, *ids):
    for name in 'ab':
        save(root / f'labels/{name}.png', label(*ids))


@pytest.mark.parametrize(
    ('ids', 'options', 'message'),
    [
        ((0, 255), {}, r'Binary masks want the ids 0 and 1: write 1 instead'),
        ((255,), {}, r'ignored \(found: 255\).* ignore_index=255 is the id'),
        ((9,), dict(ignore_index=9), r'\(found: 9\).* ignore_index=9 is'),
        ((0,), dict(ignore_index=0), r'\(found: 0\).* ignore_index=0 is'),
        (
            (0, 255),
            dict(reduce_zero_label=True),
            r'\(found: 0, 255\)\. reduce_zero_label=True takes 0 for',
        ),
    ],
)
def test_nothing_to_learn(root, ids, options, message):
    write_all(root, *ids)
    with pytest.raises(ValueError, match=message):
        build(root, **options)
    build(root, check=False, **options)
    with pytest.warns(UserWarning, match=message):  # a test may be so
        build(root, test_mode=True, **options)


def test_only_one_class(root):
    write_all(root, 2)
    with pytest.warns(UserWarning, match=r'no class but 2 occurs .*: 2\)'):
        build(root)
    write_all(root, 3, 0)
    with pytest.warns(UserWarning, match=r'no class but 2 occurs .*: 0, 3\)'):
        build(root, reduce_zero_label=True)


def test_none_of_the_chosen_classes(root, monkeypatch):
    monkeypatch.setattr(
        FolderSegDataset, 'METAINFO', dict(classes=tuple('vwxyz'))
    )
    write_all(root, 0, 4, 255)
    with pytest.raises(ValueError, match='None of the chosen classes occurs'):
        build(root, metainfo=dict(classes=('y', 'x')))
    with pytest.warns(UserWarning, match='no class but 0 occurs'):
        build(root, metainfo=dict(classes=('v', 'x')))


def test_one_class_and_masks_of_0_and_1(root):
    write_all(root, 0, 1)
    with pytest.raises(ValueError) as error:
        build(root, metainfo=dict(classes=('thing',)))
    assert "classes=('background', 'thing') for the ids 0 and" in str(
        error.value
    )
    assert 'reduce_zero_label' not in str(error.value)


def test_a_process_reads_on_where_its_share_says_too_little(root, monkeypatch):
    info = 'xnet_mm.datasets.folder_dataset.get_dist_info'
    for a, b, fails in (((255,), (0, 1), 0), ((255,), (255,), 1)):
        save(root / 'labels/a.png', label(*a))
        save(root / 'labels/b.png', label(*b))
        for rank in range(3):  # one has nothing to look at
            monkeypatch.setattr(info, lambda rank=rank: (rank, 3))
            if fails and rank < 2:
                with pytest.raises(ValueError, match='every pixel'):
                    build(root)
            else:
                build(root)


def test_ids_that_8_bits_do_not_hold_are_not_to_be_named():
    for wrong in ({299}, {3, 255}, {256, 257}):
        text = describe_wrong_ids(wrong, 3, False)
        assert 'Ids above 254 cannot be classes' in text
        assert 'Name every class' not in text


def test_read_ids_is_what_mmseg_loads(root):
    init_default_scope('mmseg')
    pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    for item in build(root, pipeline=pipeline):
        ids = read_ids(item['img_path'], item['seg_map_path'])
        assert ids == set(np.unique(item['gt_seg_map']).tolist())


def test_which_ids_are_named():
    text = describe_wrong_ids({9, 12, 7, 30, 8, 11}, 5, False)
    assert text.startswith('holds id 7, 8, 9, 11, 12, ..., but 5 classes ')
    assert 'are the ids 0..4. ' in text
    text = describe_wrong_ids({6}, 5, True)
    assert text.startswith('holds id 6, but 5 classes are the ids 1..5. ')
    # One id too many is what labels that start at 1 look like.
    assert 'reduce_zero_label=True' in describe_wrong_ids({5}, 5, False)
    assert 'reduce_zero_label' not in describe_wrong_ids({5}, 4, False)


def test_ten_problems_are_shown():
    raise_problems('data', [])
    problems = [f'p{i}' for i in range(10)]
    shown = ''.join(f'\n  {problem}' for problem in problems)
    with pytest.raises(ValueError) as error:
        raise_problems('data', problems)
    assert str(error.value) == f'data: 10 wrong file(s){shown}'
    with pytest.raises(ValueError) as error:
        raise_problems('data', [*problems, 'x', 'y'])
    wanted = f'data: 12 wrong file(s){shown}\n  ... and 2 more'
    assert str(error.value) == wanted


def test_pairs_alone(root):
    """Without a data set: ids 0 and 1 in a, 1, 2 and void in b."""
    pairs = [
        (root / f'images/{name}.jpg', root / f'labels/{name}.png')
        for name in 'ab'
    ]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_pairs(iter(pairs), 3)
        check_pairs(pairs, 256, ignore_index=0)
    with pytest.raises(ValueError, match=r'here: 1 .*\n.*b\.png: .* id 2,'):
        check_pairs(pairs, 2, where='here')
    with pytest.raises(ValueError, match=r'data set: 1 .*\n.*b\.png: .* 255,'):
        check_pairs(pairs, 3, ignore_index=0)


def test_large_pictures_are_no_bombs_and_bombs_are_refused(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)  # 20 is an error
    image, label = tmp_path / 'a.png', tmp_path / 'b.png'
    image.write_bytes(picture_files.pillow(picture_files.RGB, 'PNG'))
    label.write_bytes(picture_files.pillow(picture_files.GREY // 100, 'PNG'))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert read_ids(image, label) == {0, 1, 2}
    label.write_bytes(picture_files.png(b'\0', 8, 0, 60_000, 60_000))
    with pytest.raises(ValueError, match=r'b\.png: unreadable.*60000x60000'):
        read_ids(image, label)
    # A header alone has no limit; then the sizes differ.
    image.write_bytes(picture_files.png(b'\0', 8, 2, 60_000, 60_000))
    label.write_bytes(picture_files.pillow(picture_files.GREY, 'PNG'))
    with pytest.raises(ValueError, match=r'53x37 pixels, but .* 60000x60000'):
        read_ids(image, label)
