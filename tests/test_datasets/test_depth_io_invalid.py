"""Values of a depth file that mean "none"."""

import numpy as np
import pytest
from depth_pairs import FOLDERS, PIPELINE, make_pairs, save, units
from PIL import Image

from xnet_mm.datasets import DepthDataset, SUNRGBDDataset
from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.datasets.depth_report import read_all

INF = float('inf')


def check(path, scale, invalid, wanted, encoding='plain'):
    depth = read_depth(path, scale, encoding, invalid)
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, np.asarray(wanted, np.float32))


def test_of_16_bits(tmp_path):
    path = tmp_path / 'd.png'
    Image.fromarray(np.array([[0, 1, 65535, 65534]], np.uint16)).save(path)
    check(path, 1000, (65535,), [[0, 0.001, 0, 65.534]])
    check(path, 1000, (65535.0, 1, -1, INF, 65534.5), [[0, 0, 0, 65.534]])
    check(path, 1000, (), [[0, 0.001, 65.535, 65.534]])


@pytest.mark.parametrize('dtype', ['f2', 'f4', 'f8', '>f4', '>f8'])
def test_of_floats_up_to_their_rounding(tmp_path, dtype):
    path = tmp_path / 'd.npy'
    values = np.array([[-1, 2.5, 65.535, np.inf, 0.1, np.nan]], dtype)
    np.save(path, values)
    kept = values[0, [1, 2]].astype(np.float32)
    check(path, 1, (-1, INF, 0.1), [[0, *kept, 0, 0, 0]])
    check(path, 1, (65.535, 1e300), [[0, kept[0], 0, 0, values[0, 4], 0]])


def test_of_signed_integers(tmp_path):
    np.save(tmp_path / 'd.npy', np.array([[2**31 - 1, -5, 1500]], np.int32))
    check(tmp_path / 'd.npy', 1000, (2**31 - 1,), [[0, 0, 1.5]])


def test_of_turned_bits_as_the_scale_has_them(tmp_path):
    millimetres = np.array([[8191, 4000, 65535]], np.uint16)
    path = tmp_path / 'd.png'
    Image.fromarray((millimetres << 3) | (millimetres >> 13)).save(path)
    check(path, 1000, (8191, 65535), [[0, 4, 0]], 'rotate3')


@pytest.mark.parametrize('scale', [float('nan'), INF, 0, -1, True, '1', 1e-9])
def test_no_map_is_read_at_such_a_scale(tmp_path, scale):
    np.save(tmp_path / 'd.npy', np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match=r'd\.npy: depth_scale is .*, wanted'):
        read_depth(tmp_path / 'd.npy', scale)


@pytest.fixture
def root(tmp_path):
    """Of each map a third is 65535, a third 1.5 m, a third 0."""
    make_pairs(tmp_path)
    for name in 'abc':
        save(tmp_path / f'depth/{name}.png', units(65535, 1500, 0))
    return tmp_path


def build(root, **kwargs):
    return DepthDataset(
        data_root=str(root), ann_file='train.txt', pipeline=PIPELINE, **kwargs
    )


def test_a_data_set_warns_of_them_then_leaves_them_out(root, recwarn):
    with pytest.warns(
        UserWarning,
        match=r'train\.txt: 50% of the known pixels are 65\.535 m \(65535 in '
        r'the files\).*set invalid_values=\(65535,\) of the data set',
    ):
        dataset = build(root, metainfo=dict(max_depth=80.0))
    assert dataset[0]['data_samples'].gt_depth_map.data.max() == 65.535
    recwarn.clear()
    dataset = build(root, invalid_values=[65535])
    assert not [w for w in recwarn if 'known pixels' in str(w.message)]
    depth = dataset[1]['data_samples'].gt_depth_map.data
    assert depth.max() == 1.5 and (depth > 0).sum() == 32
    assert dataset.get_data_info(0)['invalid_values'] == (65535.0,)


def test_the_report_names_and_leaves_them_out(root):
    report = read_all(build(root, metainfo=dict(max_depth=80.0)), 'train', 1)
    (row,) = [text for name, text in report.lines() if name == 'one value']
    assert row.startswith('50% of the known pixels are 65.535 m')
    report = read_all(build(root, invalid_values=(65535,)), 'train', 1)
    assert dict(report.lines())['depth'].startswith('1.500 to 1.500 m')
    assert 'one value' not in dict(report.lines())


def test_all_of_it_invalid(root):
    with pytest.raises(ValueError, match=r'and so do \(65535, 1500\); look'):
        build(root, invalid_values=(65535, 1500))


@pytest.mark.parametrize('values', [65535, '65535', (True,), ['1'], {1: 2}])
def test_what_is_no_list_of_numbers(root, values):
    with pytest.raises(ValueError, match=r'invalid_values=.*as \(65535,\)'):
        build(root, invalid_values=values)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(depth_scale=float('nan')), 'depth_scale is nan, wanted a fin'),
        (dict(depth_scale=INF), 'depth_scale is inf, wanted'),
        (dict(depth_scale=True), 'depth_scale is True, wanted'),
        (dict(metainfo=dict(max_depth=INF)), r'max_depth.* is inf, wanted'),
        (dict(metainfo=dict(max_depth=True)), r'max_depth.* is True, wanted'),
        (dict(intrinsics=(1, 0, 1, 1)), 'intrinsics is .*fy is 0, wanted'),
        (dict(intrinsics=(float('nan'), 1, 1, 1)), 'fx is nan, wanted'),
        (dict(intrinsics=7), 'intrinsics is 7, wanted'),
    ],
)
def test_numbers_of_a_data_set(root, options, message):
    with pytest.raises(ValueError, match=message):
        build(root, **options)


def test_the_benchmarks_data_sets_take_the_option(root):
    for name in 'abc':
        save(root / f'depth/{name}.png', units(65535, 1500 << 3, 0))
    dataset = SUNRGBDDataset(
        data_root=str(root),
        data_prefix=FOLDERS,
        invalid_values=(65535,),
        pipeline=PIPELINE,
    )
    assert dataset[0]['data_samples'].gt_depth_map.data.max() == 1.5
