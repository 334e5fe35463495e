"""What is kept of decoded files is theirs, and only as long as they stay."""

import os

import cv2
import numpy as np
import pytest
from config_files import load
from mmseg.registry import TRANSFORMS

from xnet_mm.datasets import decoded_files, label_cache
from xnet_mm.datasets.decoded_files import DecodedFiles
from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.datasets.transforms import LoadDepth, LoadImage, LoadLabels
from xnet_mm.fileio.images import read_image

ARRAY = np.arange(24, dtype=np.uint16).reshape(4, 6)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / 'source.png'
    path.write_bytes(b'any')
    os.utime(path, (1000, 1000))
    return path


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files count as old enough at once."""
    monkeypatch.setattr(label_cache, 'SETTLED', -(10**12))


def never():
    raise AssertionError('it was decoded again')


def test_it_is_decoded_once(source, tmp_path):
    folder = tmp_path / 'kept'
    first = DecodedFiles(folder).read(source, 'x', lambda: ARRAY)
    again = DecodedFiles(folder).read(source, 'x', never)
    for array in (first, again):
        assert array.dtype == ARRAY.dtype
        assert np.array_equal(array, ARRAY)
    again += 1  # transforms may write into it
    assert np.array_equal(DecodedFiles(folder).read(source, 'x', never), ARRAY)


@pytest.mark.parametrize(
    'change',
    [
        lambda path: path.write_bytes(b'other'),
        lambda path: path.write_bytes(b'ano'),  # of equal size
        lambda path: os.utime(path, (2000, 2000)),
    ],
)
def test_a_file_that_changed_is_decoded_again(source, tmp_path, change):
    files = DecodedFiles(tmp_path / 'kept')
    files.read(source, 'x', lambda: ARRAY)
    change(source)
    assert files.read(source, 'x', lambda: ARRAY + 1)[0, 0] == 1


def test_each_reader_and_each_file_has_its_own(source, tmp_path):
    files = DecodedFiles(tmp_path / 'kept')
    files.read(source, 'x', lambda: ARRAY)
    assert files.read(source, 'y', lambda: ARRAY + 1)[0, 0] == 1
    other = tmp_path / 'other.png'
    other.write_bytes(b'any')
    os.utime(other, (1000, 1000))
    assert files.read(other, 'x', lambda: ARRAY + 2)[0, 0] == 2
    assert files.read(source, 'x', never)[0, 0] == 0


def test_a_young_file_is_not_kept(source, tmp_path, monkeypatch):
    monkeypatch.setattr(label_cache, 'SETTLED', 2 * 10**9)
    source.touch()
    files = DecodedFiles(tmp_path / 'kept')
    files.read(source, 'x', lambda: ARRAY)
    assert files.read(source, 'x', lambda: ARRAY + 1)[0, 0] == 1
    assert not (tmp_path / 'kept').exists()


@pytest.mark.parametrize('content', [b'', b'\x93NUMPY', b'PK\x03\x04', None])
def test_damaged_arrays_are_made_anew(source, tmp_path, content):
    files = DecodedFiles(tmp_path / 'kept')
    files.read(source, 'x', lambda: ARRAY)
    (kept,) = (tmp_path / 'kept').rglob('*.npy')
    # The whole header, and half of the values.
    kept.write_bytes(kept.read_bytes()[:150] if content is None else content)
    assert np.array_equal(files.read(source, 'x', lambda: ARRAY), ARRAY)
    assert np.array_equal(files.read(source, 'x', never), ARRAY)


def test_a_pickle_in_the_folder_runs_nothing(source, tmp_path):
    files = DecodedFiles(tmp_path / 'kept')
    files.read(source, 'x', lambda: ARRAY)
    (kept,) = (tmp_path / 'kept').rglob('*.npy')

    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'it ran'),)

    np.save(kept, np.array([Hostile()]), allow_pickle=True)
    assert np.array_equal(files.read(source, 'x', lambda: ARRAY), ARRAY)
    assert not (tmp_path / 'it ran').exists()


def test_where_nothing_can_be_written_it_goes_on(
    source, tmp_path, monkeypatch
):
    said = []
    monkeypatch.setattr(
        decoded_files, 'print_log', lambda text, **_: said.append(text)
    )
    (tmp_path / 'kept').write_text('a file')
    files = DecodedFiles(tmp_path / 'kept')
    for _ in range(2):
        assert np.array_equal(files.read(source, 'x', lambda: ARRAY), ARRAY)
    (text,) = said
    assert 'no longer kept' in text
    assert str(tmp_path / 'kept') in text


def test_errors_of_the_decoder_are_its_own(source, tmp_path):
    folder = str(tmp_path / 'kept')
    for call, sample in (
        (LoadImage(decoded=folder), dict(img_path=str(source))),
        (
            LoadLabels(decoded=folder),
            dict(seg_map_path=str(source), seg_fields=[]),
        ),
    ):
        with pytest.raises(ValueError, match=r'source.png: unreadable'):
            call(sample)
    assert not [*(tmp_path / 'kept').rglob('*.npy')]


def test_the_loaders_give_what_they_give_without(tmp_path):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    labels = rng.integers(0, 3, (5, 7), dtype=np.uint8)
    depth = rng.integers(0, 9000, (5, 7), dtype=np.uint16)
    paths = {}
    for name, array in dict(i=image, l=labels, d=depth).items():
        paths[name] = str(tmp_path / f'{name}.png')
        cv2.imwrite(paths[name], array)

    def sample_of(decoded, scale):
        sample = dict(
            img_path=paths['i'],
            seg_map_path=paths['l'],
            depth_map_path=paths['d'],
            depth_scale=scale,
            depth_encoding='plain',
            invalid_values=(),
            seg_fields=[],
        )
        for step in (LoadImage, LoadLabels, LoadDepth):
            sample = step(decoded=decoded)(sample)
        return sample

    folder = str(tmp_path / 'kept')
    for scale in (1000.0, 256.0, 1000.0, 256.0):  # the last two from there
        sample = sample_of(folder, scale)
        assert np.array_equal(sample['img'], read_image(paths['i']))
        assert np.array_equal(sample['gt_seg_map'], labels)
        truth = read_depth(paths['d'], scale)
        assert np.array_equal(sample['gt_depth_map'], truth)
        assert sample['ori_shape'] == (5, 7)
    assert len([*(tmp_path / 'kept').rglob('*.npy')]) == 4


def test_the_documented_options_reach_the_loaders():
    name = 'xnet_swin-l_convnext-l_8xb2-160k_cityscapes-512x1024.py'
    cfg = load(f'cityscapes/{name}')
    options = 'train_dataloader.dataset.pipeline.{}.decoded'
    cfg.merge_from_dict({options.format(i): '/disk' for i in (0, 1)})
    steps = cfg.train_dataloader.dataset.pipeline[:2]
    for step, kind in zip(steps, (LoadImage, LoadLabels), strict=True):
        built = TRANSFORMS.build(step)
        assert type(built) is kind
        assert str(built.decoded.folder) == '/disk'
