"""Which images there are, what their outputs are called, and batches."""

import cv2
import numpy as np
import pytest

from xnet_mm.prediction.inputs import (
    find_images,
    predict_images,
    predict_video,
)


def write(path, value=0, size=(4, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


class Mean:
    """In the place of a model: the mean of each image."""

    def __init__(self):
        self.batches = []

    def __call__(self, images, names):
        self.batches.append(len(images))
        return [float(image.mean()) for image in images]


def test_images_below_a_folder(tmp_path):
    for name in ('b.png', 'a/c.JPG', 'a/note.txt', 'z/y/x.webp'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [p.relative_to(tmp_path).as_posix() for p in find_images(tmp_path)]
    assert found == ['a/c.JPG', 'b.png', 'z/y/x.webp']
    # A file is taken as it is, whatever it is called.
    assert find_images(tmp_path / 'a/note.txt') == [tmp_path / 'a/note.txt']


def test_nothing_to_predict(tmp_path):
    with pytest.raises(SystemExit, match=r'input not found: .*no'):
        find_images(tmp_path / 'no')
    with pytest.raises(SystemExit, match=r'no images below .*; looked for '):
        find_images(tmp_path)


def test_batches_of_a_folder_and_what_cannot_be_read(tmp_path, capsys):
    for value, name in enumerate(['a.png', 'b.png', 's/c.png']):
        write(tmp_path / name, value)
    for name in ('a_broken.png', 'z.png'):  # the last is one of them
        (tmp_path / name).write_bytes(b'no image')
    mean, unreadable = Mean(), []
    results = [*predict_images(mean, tmp_path, 2, unreadable)]
    assert mean.batches == [2, 1]
    assert unreadable == [tmp_path / 'a_broken.png', tmp_path / 'z.png']
    assert [name for name, _, _ in results] == ['a', 'b', 's/c']
    for value, (_, image, result) in enumerate(results):
        assert image.shape == (4, 6, 3) and (image == value).all()
        assert result == value


def test_nothing_can_be_read(tmp_path, capsys):
    (tmp_path / 'a.png').write_bytes(b'no image')
    mean, unreadable = Mean(), []
    assert [*predict_images(mean, tmp_path / 'a.png', 2, unreadable)] == []
    assert mean.batches == [] and unreadable == [tmp_path / 'a.png']


def test_frames_are_numbered(tmp_path, capsys):
    path = tmp_path / 'v.avi'
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*'MJPG'), 5, (64, 48)
    )
    for i in range(5):
        writer.write(np.full((48, 64, 3), 40 * i, np.uint8))
    writer.release()
    mean = Mean()
    results = [*predict_video(mean, cv2.VideoCapture(str(path)), 'v', 2)]
    assert mean.batches == [2, 2, 1]
    assert [name for name, _, _ in results] == [f'v/{i:06d}' for i in range(5)]
    for i, (_, frame, result) in enumerate(results):
        assert frame.shape == (48, 64, 3)
        assert abs(result - 40 * i) < 3  # compressed
