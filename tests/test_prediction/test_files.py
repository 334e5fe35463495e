"""Label maps, overlays, videos and arrays as files."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.files import (
    LabelWriter,
    PictureFiles,
    PictureVideo,
    write_npy,
    write_png,
)

PALETTE = [[200, 0, 0], [0, 100, 0], [0, 0, 50]]


def predictor(num=3):
    colours = [PALETTE[i % 3] for i in range(num)]
    meta = dict(classes=[f'class {i}' for i in range(num)], palette=colours)
    return SimpleNamespace(meta=meta, checkpoint='a.pth')


def sample(labels):
    data = torch.tensor(labels)[None]
    return SegDataSample(pred_sem_seg=PixelData(data=data))


def test_labels_overlay_and_legend(tmp_path):
    writer = LabelWriter(tmp_path, predictor(), 0.25)
    image = np.full((2, 3, 3), 100, np.uint8)
    labels = [[0, 1, 2], [2, 1, 0]]
    picture = writer.write('s/a', image, sample(labels))
    stored = cv2.imread(str(tmp_path / 'labels/s/a.png'), -1)
    assert stored.dtype == np.uint8 and stored.tolist() == labels
    colours = np.array(PALETTE)[labels][..., ::-1]  # BGR
    np.testing.assert_allclose(picture, 75 + 0.25 * colours, atol=0.5)
    writer.close()
    strip = cv2.imread(str(tmp_path / 'legend.png'))[..., ::-1]
    shown = {tuple(colour) for colour in strip.reshape(-1, 3).tolist()}
    assert {tuple(colour) for colour in PALETTE} <= shown


@pytest.mark.parametrize(('num', 'kind'), [(256, 'u1'), (257, 'u2')])
def test_many_classes_take_16_bit(tmp_path, num, kind):
    writer = LabelWriter(tmp_path, predictor(num), 0.5)
    writer.write('a', np.zeros((1, 1, 3), np.uint8), sample([[num - 1]]))
    stored = cv2.imread(str(tmp_path / 'labels/a.png'), -1)
    assert stored.dtype == kind and stored.tolist() == [[num - 1]]


@pytest.mark.parametrize(
    ('meta', 'ids'),
    [
        (dict(reduce_zero_label=True), [1, 2, 3]),
        (dict(label_map={0: 2, 1: 255, 2: 0, 3: 1}), [2, 3, 0]),
        (
            dict(label_map={0: 2, 1: 255, 2: 0, 3: 1}, reduce_zero_label=True),
            [3, 4, 1],
        ),
    ],
)
def test_labels_are_the_ids_of_the_files_and_colours_of_the_classes(
    tmp_path, meta, ids
):
    image = np.full((2, 3, 3), 100, np.uint8)
    labels = [[0, 1, 2], [2, 1, 0]]
    made = predictor()
    plain = LabelWriter(tmp_path / 'plain', made, 0.25)
    wanted = plain.write('a', image, sample(labels))
    plain.close()
    made.meta.update(meta)
    writer = LabelWriter(tmp_path, made, 0.25)
    picture = writer.write('a', image, sample(labels))
    writer.close()
    stored = cv2.imread(str(tmp_path / 'labels/a.png'), -1)
    np.testing.assert_array_equal(stored, np.array(ids)[labels])
    np.testing.assert_array_equal(picture, wanted)
    legends = tmp_path / 'legend.png', tmp_path / 'plain/legend.png'
    assert legends[0].read_bytes() == legends[1].read_bytes()


def test_a_class_without_a_name(tmp_path):
    writer = LabelWriter(tmp_path, predictor(), 0.25)
    with pytest.raises(ValueError, match=r'a: the model predicts class 3, '):
        writer.write('a', np.zeros((1, 1, 3), np.uint8), sample([[3]]))


@pytest.mark.parametrize('meta', [{}, dict(classes=['a'], palette=None)])
def test_a_checkpoint_without_classes(tmp_path, meta):
    without = SimpleNamespace(meta=meta, checkpoint='a.pth')
    message = r'a\.pth does not say its classes and palette \(it has \['
    with pytest.raises(ValueError, match=message):
        LabelWriter(tmp_path, without, 0.5)


def test_pictures_as_files(tmp_path):
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    files = PictureFiles(tmp_path)
    files.add('s/a', picture)
    files.close()
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / 's/a.png')), picture
    )


def test_pictures_as_a_video_of_even_size(tmp_path):
    path = tmp_path / 'new' / 'v.mp4'
    video = PictureVideo(path, 5)
    for i in range(3):
        video.add('any', np.full((47, 63, 3), 60 * i, np.uint8))
        assert not path.exists()  # whole or not there
    video.close()
    assert [*path.parent.iterdir()] == [path]
    read = cv2.VideoCapture(str(path))
    assert read.get(cv2.CAP_PROP_FPS) == 5
    frames = [read.read()[1] for _ in range(3)]
    assert read.read()[1] is None
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 3
    for i, frame in enumerate(frames):
        assert abs(frame.mean() - 60 * i) < 5  # compressed


def test_a_video_without_frames_is_no_file(tmp_path):
    PictureVideo(tmp_path / 'v.mp4', 5).close()
    assert [*tmp_path.iterdir()] == []


def test_arrays_and_pictures_bit_by_bit(tmp_path):
    depth = np.random.default_rng(0).random((3, 4), np.float32)
    write_npy(tmp_path / 'a/b.npy', depth)
    found = np.load(tmp_path / 'a/b.npy', allow_pickle=False)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, depth)
    labels = np.array([[0, 300], [65535, 7]], np.uint16)
    write_png(tmp_path / 'a/b.png', labels)
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / 'a/b.png'), -1), labels
    )
