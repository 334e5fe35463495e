"""LoadImage: as all tools read it; LoadDepth: metres, at its place."""

import cv2
import numpy as np
import pytest
from depth_pairs import PIPELINE, make_pairs, units
from mmcv.transforms import LoadImageFromFile
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from picture_files import lossy_files, pillow, refused_files
from PIL import Image

from xnet_mm.datasets import DepthDataset
from xnet_mm.datasets.transforms import LoadDepth, LoadFileOrArray, LoadImage


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def build(root, **kwargs):
    kwargs = {'ann_file': 'train.txt', **kwargs}
    return DepthDataset(data_root=str(root), **kwargs)


def test_depth_loaded_after_a_resize_or_a_crop_of_the_image(root):
    init_default_scope('mmseg')
    resized = build(
        root,
        pipeline=[
            PIPELINE[0],
            dict(type='Resize', scale=(6, 4)),
            *PIPELINE[1:],
        ],
    )[0]
    assert resized['inputs'].shape == (3, 4, 6)
    assert resized['data_samples'].gt_depth_map.shape == (8, 12)
    results = build(root).get_data_info(0)
    results.update(ori_shape=(3, 5), crop_box=(2, 4, 3, 5))
    depth = LoadDepth()(results)['gt_depth_map']
    whole = np.resize(np.float32([0, 1.5, 9]), (8, 12))
    np.testing.assert_array_equal(depth, whole[2:5, 4:9])
    assert results['seg_fields'] == ['gt_depth_map']


def sample(path, shape=(8, 12), **more):
    return dict(
        img_path='i.jpg',
        depth_map_path=path and str(path),
        depth_scale=1000,
        depth_encoding='plain',
        ori_shape=shape,
        **more,
    )


def test_without_ground_truth_nothing_is_added():
    given = sample(None)
    assert LoadDepth()(dict(given)) == given


def test_scale_encoding_and_fields_of_the_sample(tmp_path):
    path = tmp_path / 'd.png'
    # 1500 turned left by three bits is 12000; 9870 is 78960 - 65536 + 1.
    Image.fromarray(units(0, 12000, 13425)).save(path)
    given = dict(sample(path, seg_fields=['other']), depth_encoding='rotate3')
    results = LoadDepth()(given)
    wanted = np.resize(np.float32([0, 1.5, 9.87]), (8, 12))
    np.testing.assert_array_equal(results['gt_depth_map'], wanted)
    assert results['seg_fields'] == ['other', 'gt_depth_map']
    assert LoadDepth()(results)['seg_fields'] == ['other', 'gt_depth_map']


def test_the_size_is_that_of_the_file(tmp_path):
    path = tmp_path / 'd.png'
    Image.fromarray(units(1000)).save(path)
    with pytest.raises(ValueError, match=r'd\.png: 12x8 pixels, but i\.jpg'):
        LoadDepth()(sample(path, (8, 11)))
    # A crop that reaches beyond the map.
    with pytest.raises(ValueError, match=r'd\.png: 4x3 pixels, but i\.jpg'):
        LoadDepth()(sample(path, (3, 5), crop_box=(5, 8, 3, 5)))
    with pytest.raises(FileNotFoundError, match='no such depth file'):
        LoadDepth()(sample(tmp_path / 'gone.png'))


def test_it_says_its_name():
    assert repr(LoadDepth()) == 'LoadDepth()'


def test_images_are_those_of_the_stock_transform(tmp_path):
    files = dict(lossy_files(), **{'a.png': pillow(COLOURS, 'PNG')})
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        for options in ({}, dict(to_float32=True)):
            loader = dict(type='xnet_mm.LoadImage', **options)
            found = TRANSFORMS.build(loader)(dict(img_path=str(path)))
            stock = LoadImageFromFile(**options)(dict(img_path=str(path)))
            assert found.keys() == stock.keys()
            assert found['img'].dtype == stock['img'].dtype
            np.testing.assert_array_equal(found['img'], stock['img'])
            for key in ('img_shape', 'ori_shape'):
                assert found[key] == stock[key]


COLOURS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def test_images_that_are_wrong(tmp_path):
    whole = pillow(COLOURS, 'JPEG')
    path = tmp_path / 'a.jpg'
    for content, text in (
        (whole[:-20], r'a\.jpg: unreadable image \(cut short'),
        (refused_files()['dark.png'][0], r'a\.jpg: its 16-bit values'),
        (b'', r'a\.jpg: unreadable image \(an empty file'),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=text):
            LoadImage()(dict(img_path=str(path)))
        loader = LoadImage(ignore_empty=True)
        assert loader(dict(img_path=str(path))) is None
    with pytest.raises(FileNotFoundError, match=r'no\.jpg'):
        LoadImage()(dict(img_path=str(tmp_path / 'no.jpg')))


def test_a_file_or_an_array(tmp_path):
    image = np.random.default_rng(0).integers(256, size=(4, 5, 3), dtype='u1')
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, image)
    for options, dtype in (({}, 'uint8'), (dict(to_float32=True), 'float32')):
        load = LoadFileOrArray(**options)
        for given, name in (
            (path, path),
            (dict(img_path=path), path),
            (image, None),
            (dict(img=image), None),
        ):
            found = load(given)
            assert found['img'].dtype == dtype
            np.testing.assert_array_equal(found['img'], image)
            assert found['img_shape'] == found['ori_shape'] == (4, 5)
            assert found['img_path'] == name
    (tmp_path / 'cut.png').write_bytes((tmp_path / 'a.png').read_bytes()[:60])
    with pytest.raises(ValueError, match=r'cut\.png'):
        LoadFileOrArray()(str(tmp_path / 'cut.png'))
