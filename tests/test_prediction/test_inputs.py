"""Which images there are, what their outputs are called, and batches."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from video_files import write_video

from xnet_mm.fileio.images import read_image
from xnet_mm.prediction.inputs import (
    check_out_dir,
    find_images,
    predict_images,
    predict_video,
)
from xnet_mm.prediction.videos import Video


def write(path, value=0, size=(4, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


class Mean:
    """In the place of a model: the mean of each image."""

    pipeline = SimpleNamespace(takes_arrays=False, picture=read_image)

    def __init__(self):
        self.batches = []
        self.files = []
        self.refused = {}

    def prepare(self, image, file=None):
        self.files.append(file)
        return image

    def predict(self, images, names=()):
        self.batches.append(len(images))
        for image in images:
            if error := self.refused.get(image.mean()):
                raise error
        return [float(image.mean()) for image in images]


def test_images_below_a_folder(tmp_path):
    for name in ('b.png', 'a/c.JPG', 'a/note.txt', 'z/y/x.webp'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [p.relative_to(tmp_path).as_posix() for p in find_images(tmp_path)]
    assert found == ['a/c.JPG', 'b.png', 'z/y/x.webp']
    arrays = tmp_path / 'z/a.NPY'
    arrays.touch()
    assert arrays not in find_images(tmp_path)
    assert arrays in find_images(tmp_path, more=('.npy', '.npz'))
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
    mean, skipped = Mean(), []
    results = [*predict_images(mean, tmp_path, 2, skipped)]
    assert mean.batches == [2, 1]
    assert [line.split(': ')[0] for line in skipped] == [
        str(tmp_path / 'a_broken.png'),
        str(tmp_path / 'z.png'),
    ]
    assert [name for name, _, _ in results] == ['a', 'b', 's/c']
    for value, (_, image, result) in enumerate(results):
        assert image.shape == (4, 6, 3) and (image == value).all()
        assert result == value
    assert mean.files == [tmp_path / name for name in NAMES]


NAMES = ['a.png', 'b.png', 's/c.png']


def test_nothing_can_be_read(tmp_path, capsys):
    (tmp_path / 'a.png').write_bytes(b'no image')
    mean, skipped = Mean(), []
    assert [*predict_images(mean, tmp_path / 'a.png', 2, skipped)] == []
    assert mean.batches == [] and 'a.png' in skipped[0]


def test_images_that_the_model_cannot_take(tmp_path, capsys):
    """By themselves they fail, and the rest of their batch does not."""
    for value, name in enumerate(['a.png', 'b.png', 'c.png', 'd.png']):
        write(tmp_path / name, value)
    mean, skipped = Mean(), []
    mean.refused = {1: RuntimeError('out of\nmemory'), 2: ValueError('small')}
    results = [*predict_images(mean, tmp_path, 3, skipped)]
    assert [(name, result) for name, _, result in results] == [
        *(('a', 0), ('d', 3)),
    ]
    assert mean.batches == [3, 1, 1, 1, 1]
    assert skipped == [
        f'{tmp_path}/b.png: RuntimeError: out of memory',
        f'{tmp_path}/c.png: small',
    ]


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path):
    elsewhere, source = tmp_path / 'elsewhere', tmp_path / 'in'
    write(elsewhere / 'deep' / 'a.png')
    write(source / 'b.png')
    (source / 'link').symlink_to(elsewhere)
    (source / 'again').symlink_to(elsewhere)
    (elsewhere / 'back').symlink_to(source)
    (elsewhere / 'self').symlink_to('.')
    found = [p.relative_to(source).as_posix() for p in find_images(source)]
    assert found == ['again/deep/a.png', 'b.png', 'link/deep/a.png']


def test_what_is_called_an_image_and_is_none(tmp_path, capsys):
    write(tmp_path / 'a.png')
    write(tmp_path / 'folder.png' / 'b.png')  # a folder like others
    (tmp_path / 'empty.png').mkdir()
    (tmp_path / 'nowhere.jpg').symlink_to('no')
    (tmp_path / 'zero.tif').touch()
    skipped = []
    results = [*predict_images(Mean(), tmp_path, 2, skipped)]
    assert [name for name, _, _ in results] == ['a', 'folder.png/b']
    assert skipped == [
        f'{tmp_path}/empty.png: a folder, wanted a file',
        f'{tmp_path}/nowhere.jpg: no such image',
        f'{tmp_path}/zero.tif: unreadable image (an empty file, 0 bytes)',
    ]


def test_outputs_are_no_inputs(tmp_path, capsys):
    out = tmp_path / 'out'
    write(tmp_path / 'a.png')
    check_out_dir(tmp_path, out, ['labels'])
    write(out / 'labels' / 'a.png')
    write(out / 'overlays' / 'a.png')
    assert find_images(tmp_path, out) == [tmp_path / 'a.png']
    assert capsys.readouterr().out == ''
    check_out_dir(tmp_path, out, ['labels'])
    said = capsys.readouterr().out
    assert said == (
        f'2 images below {out} are outputs of an earlier run and are not '
        'predicted.\n'
    )
    (tmp_path / 'link').symlink_to(out)  # by another name
    assert find_images(tmp_path, out) == [tmp_path / 'a.png']


@pytest.mark.parametrize(
    ('source', 'out', 'folders'),
    [
        ('in', 'in', ['labels']),
        ('in/labels', 'in', ['labels']),
        ('in/labels/a.png', 'in', ['labels']),
        ('in/labels/deep/a.png', 'in', ['overlays', 'labels']),
        ('in/labels/a.png', 'in/labels', []),
        ('in/labels', 'in/../in/labels', []),
    ],
)
def test_outputs_never_replace_inputs(tmp_path, source, out, folders):
    write(tmp_path / 'in/labels/a.png')
    write(tmp_path / 'in/labels/deep/a.png')
    with pytest.raises(SystemExit, match='lies there, and would be overwri'):
        check_out_dir(tmp_path / source, tmp_path / out, folders)
    check_out_dir(tmp_path / source, tmp_path / 'other', folders)


def test_frames_are_numbered(tmp_path, capsys):
    path = tmp_path / 'v.avi'
    write_video(path, 5)
    mean, skipped = Mean(), []
    results = [*predict_video(mean, Video(path), 2, skipped)]
    assert mean.batches == [2, 2, 1] and skipped == []
    assert [name for name, _, _ in results] == [f'v/{i:06d}' for i in range(5)]
    for i, (_, frame, result) in enumerate(results):
        assert frame.shape == (48, 64, 3)
        assert abs(result - 40 * i) < 3  # compressed


def test_a_video_that_was_cut_short(tmp_path, capsys):
    path = tmp_path / 'v.avi'
    write_video(path, 6, size=(320, 240), noise=99)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    skipped = []
    results = [*predict_video(Mean(), Video(path), 2, skipped)]
    assert 0 < len(results) < 6
    assert skipped == [
        f'{path}: {len(results)} of 6 frames were read; the file was cut '
        'short, the last of them may be damaged. Copy it again'
    ]
