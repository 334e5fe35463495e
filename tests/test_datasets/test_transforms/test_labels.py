"""Label maps as they are read: nothing wraps, nothing is guessed."""

import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image
from seg_pairs import label, save

from xnet_mm.datasets.transforms import LoadLabels
from xnet_mm.datasets.transforms.labels import with_load_labels


def load(path, **results):
    results = (
        dict(
            seg_map_path=str(path),
            img_path='a.jpg',
            ori_shape=(8, 12),
            seg_fields=[],
            reduce_zero_label=False,
            label_map=None,
        )
        | results
    )
    return LoadLabels()(results)['gt_seg_map']


@pytest.mark.parametrize('mode', ['L', 'P', '1', 'I', 'I;16'])
@pytest.mark.parametrize('reduce', [False, True])
def test_maps_are_mmsegs_own(tmp_path, mode, reduce):
    ids = label(0, 1) if mode == '1' else label(0, 1, 7, 255)
    if mode in ('I', 'I;16'):
        ids = ids.astype(np.int32 if mode == 'I' else np.uint16)
    image = Image.fromarray(ids != 0 if mode == '1' else ids)
    if mode == 'P':
        image.putpalette(list(range(256)) * 3)
    path = tmp_path / ('a.tif' if mode == 'I' else 'a.png')
    image.save(path)
    with Image.open(path) as saved:
        assert saved.mode == mode
    found = load(path, reduce_zero_label=reduce, label_map={7: 2})
    assert found.dtype == np.uint8
    theirs = dict(
        seg_map_path=str(path),
        reduce_zero_label=reduce,
        label_map={7: 2},
        seg_fields=[],
    )
    LoadAnnotations()(theirs)
    np.testing.assert_array_equal(found, theirs['gt_seg_map'])


@pytest.mark.parametrize(
    ('ids', 'text'),
    [
        (np.uint16([0, 256]), r'holds id 256, but ids are loaded in 8 bits'),
        (np.uint16([299, 511]), r'holds id 299, 511, but'),
        (np.int32([-1, 0]), r'holds id -1, but'),
        (np.int32([0, 65536]), r'holds id 65536, but'),
        (np.float32([0, 1]), r'float32 of shape \(8, 12\); a label map has'),
    ],
)
def test_ids_that_do_not_fit(tmp_path, ids, text):
    save(tmp_path / 'a.tif', np.resize(ids, (8, 12)))
    with pytest.raises(ValueError, match=rf'a\.tif: {text}'):
        load(tmp_path / 'a.tif')
    known = dict(num_classes=3, ignore_index=255)
    with pytest.raises(ValueError, match=r'a\.tif: (holds id|float32)'):
        load(tmp_path / 'a.tif', **known)


@pytest.mark.parametrize('reduce', [False, True])
def test_256_is_not_ignored(tmp_path, reduce):
    save(tmp_path / 'a.png', np.resize(np.uint16([1, 256]), (8, 12)))
    with pytest.raises(ValueError, match=r'a\.png: holds id 256, but ids'):
        load(tmp_path / 'a.png', reduce_zero_label=reduce)
    said = load(
        tmp_path / 'a.png',
        reduce_zero_label=reduce,
        label_map={256 - reduce: 255},
    )
    np.testing.assert_array_equal(said, np.resize([1 - reduce, 255], (8, 12)))


def test_wide_ids_that_become_small_ones(tmp_path):
    ids = np.resize(np.int32([-1, 0, 300, 70000, 2]), (8, 12))
    save(tmp_path / 'a.tif', ids)
    found = load(tmp_path / 'a.tif', label_map={-1: 255, 300: 1, 70000: 255})
    wanted = np.resize([255, 0, 1, 255, 2], (8, 12))
    np.testing.assert_array_equal(found, wanted)


def test_an_id_without_a_class(tmp_path):
    save(tmp_path / 'a.png', label(0, 3, 255))
    known = dict(num_classes=3, ignore_index=255)
    with pytest.raises(ValueError, match=r'holds id 3, but 3 classes are'):
        load(tmp_path / 'a.png', **known)
    load(tmp_path / 'a.png', **known, reduce_zero_label=True)
    load(tmp_path / 'a.png')  # a data set that does not say


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'LA'])
def test_several_channels(tmp_path, mode):
    Image.new(mode, (12, 8)).save(tmp_path / 'a.png')
    with pytest.raises(ValueError, match=r'a\.png: uint8 of shape \(8, 12, '):
        load(tmp_path / 'a.png')


def test_damaged_missing_or_of_another_size(tmp_path):
    path = tmp_path / 'a.png'
    with pytest.raises(ValueError, match=r'a\.png: unreadable'):
        load(path)
    path.write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'a\.png: unreadable'):
        load(path)
    save(path, label(0))
    with pytest.raises(ValueError, match=r'\(8, 12\) pixels .* a\.jpg has'):
        load(path, ori_shape=(8, 13, 3))


def test_a_sample_without_labels():
    assert LoadLabels()(dict(seg_fields=[])) == dict(seg_fields=[])
    sample = dict(seg_map_path=None, seg_fields=[])
    assert LoadLabels()(dict(sample)) == sample


def test_two_words_on_reduce_zero_label(tmp_path):
    save(tmp_path / 'a.png', label(0))
    transform = LoadLabels(reduce_zero_label=True)
    with pytest.raises(ValueError, match=r'=True in the pipeline, False in'):
        transform(
            dict(
                seg_map_path=str(tmp_path / 'a.png'),
                reduce_zero_label=False,
                seg_fields=[],
            )
        )


def test_the_stock_loader_gives_way_everywhere():
    stock = dict(type='LoadAnnotations', backend_args=None)
    ours = dict(type='xnet_mm.LoadLabels', backend_args=None)
    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='TestTimeAug', transforms=[[stock], [dict(type='X')]]),
        dict(type=LoadAnnotations),
        stock,
        dict(type='RandomCrop', crop_size=(4, 4)),
        print,
    ]
    assert with_load_labels(steps) == [
        dict(type='LoadImageFromFile'),
        dict(type='TestTimeAug', transforms=[[ours], [dict(type='X')]]),
        dict(type='xnet_mm.LoadLabels'),
        ours,
        dict(type='RandomCrop', crop_size=(4, 4)),
        print,
    ]
    assert stock['type'] == 'LoadAnnotations'


@pytest.mark.parametrize('share', [0.5, 0.9])
def test_a_label_map_that_was_cut_short(tmp_path, share):
    path = tmp_path / 'a.png'
    rng = np.random.default_rng(0)
    save(path, rng.integers(0, 3, (64, 64)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r'a\.png: .*cut short|a\.png: unr'):
        load(path)
