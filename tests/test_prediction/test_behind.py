"""Writing goes on behind the model: in order, bounded, and whole."""

import errno
import threading

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.behind import (
    Behind,
    num_bytes,
    without_the_rest,
    write_predictions,
)
from xnet_mm.prediction.files import PictureFiles, PictureVideo

ALL = 10**9


def sample(value=0, size=(4, 6)):
    labels = torch.full((1, *size), value)
    return SegDataSample(
        pred_sem_seg=PixelData(data=labels),
        seg_logits=PixelData(data=torch.zeros(3, *size)),
    )


def threads():
    return [t for t in threading.enumerate() if 'xnet_mm' in t.name]


class Writer:
    """In the place of the writers of classes and depth."""

    def __init__(self, errors=None):
        self.errors, self.names, self.closed = errors or {}, [], False

    def write(self, name, image, result):
        if name in self.errors:
            raise self.errors[name]
        self.names.append(name)
        value = int(result.pred_sem_seg.data[0, 0, 0])
        return np.full((32, 32, 3), value, np.uint8)

    def close(self):
        self.closed = True


def results(number, size=(4, 6)):
    for i in range(number):
        image = np.zeros((*size, 3), np.uint8)
        yield f'image{i}', image, sample(10 * i, size)


def test_side_by_side_and_finished_in_order():
    barrier, finished = threading.Barrier(2, timeout=60), []

    def work(number):
        if number < 2:
            barrier.wait()  # passes when both are here
        return number

    with Behind(work, finished.append, 2, ALL) as behind:
        for number in range(9):
            behind.add(1, number)
    assert finished == [*range(9)]
    assert threads() == []


def test_the_first_is_finished_first_though_it_takes_longer():
    second_done, finished = threading.Event(), []

    def work(number):
        if number == 0:
            assert second_done.wait(60)
        else:
            second_done.set()
        return number

    with Behind(work, finished.append, 2, ALL) as behind:
        behind.add(1, 0)
        behind.add(1, 1)
    assert finished == [0, 1]


@pytest.mark.parametrize(
    ('workers', 'room', 'sizes', 'most'),
    [(1, ALL, [1] * 30, 9), (3, 10, [5] * 9, 2), (3, 10, [50] * 4, 1)],
)
def test_what_waits_is_bounded(workers, room, sizes, most):
    held, highest, lock = [0], [0], threading.Lock()

    def finish(_):
        with lock:
            held[0] -= 1

    with Behind(lambda: None, finish, workers, room) as behind:
        for size in sizes:
            behind.add(size)
            with lock:
                held[0] += 1
                highest[0] = max(highest[0], held[0])
            assert len(behind._waiting) <= most
    assert held == [0] and highest[0] <= most


@pytest.mark.parametrize('where', ['work', 'finish'])
def test_an_error_comes_out_and_what_waits_is_left(where):
    done, go = [], threading.Event()

    def work(number):
        assert go.wait(60)
        done.append(number)
        if where == 'work' and number == 0:
            raise OSError('full')
        return number

    def finish(number):
        if where == 'finish':
            raise OSError('full')

    with (
        pytest.raises(OSError, match='full'),
        Behind(work, finish, 1, ALL) as behind,
    ):
        behind.add(1, 0)
        behind.add(1, 1)
        go.set()
        for number in range(2, 99):
            behind.add(1, number)
    assert len(done) < 10
    assert threads() == []


def test_ctrl_c_waits_for_what_runs_alone():
    started, go, done = threading.Event(), threading.Event(), []

    def work(number):
        started.set()
        assert go.wait(60)
        done.append(number)

    with (
        pytest.raises(KeyboardInterrupt),
        Behind(work, lambda _: None, 1, ALL) as behind,
    ):
        behind.add(1, 0)
        behind.add(1, 1)
        assert started.wait(60)
        go.set()
        raise KeyboardInterrupt
    assert done in ([0], [0, 1]) and threads() == []


def test_only_the_predictions_are_kept():
    light = without_the_rest(sample(255))
    assert [*light.keys()] == ['pred_sem_seg']
    data = light.pred_sem_seg.data
    assert data.dtype == torch.uint8 and (data == 255).all()
    wide = without_the_rest(sample(256)).pred_sem_seg.data
    assert (wide == 256).all() and wide.dtype == torch.int64
    binary = sample()
    binary.pred_sem_seg.data = torch.ones(1, 4, 6)  # of one channel: floats
    assert without_the_rest(binary).pred_sem_seg.data.dtype == torch.uint8
    depth = torch.rand(1, 4, 6)
    light = without_the_rest(
        SegDataSample(pred_depth_map=PixelData(data=depth.clone()))
    )
    assert torch.equal(light.pred_depth_map.data, depth)
    assert num_bytes(light) == 4 * 24


def test_all_files_and_what_was_skipped(tmp_path):
    errors = dict(image2=ValueError('no such class'))
    writer, skipped = Writer(errors), ['before']
    opened = []

    def open_writers(first):
        opened.append(int(first.pred_sem_seg.data.max()))
        return writer, PictureFiles(tmp_path)

    found = write_predictions(results(5), open_writers, 6, skipped)
    assert found is writer and writer.closed and opened == [0]
    assert sorted(writer.names) == ['image0', 'image1', 'image3', 'image4']
    assert skipped == ['before', 'image2: no such class']
    for i in (0, 1, 3, 4):
        read = cv2.imread(str(tmp_path / f'image{i}.png'))
        assert (read == 10 * i).all()
    assert len([*tmp_path.iterdir()]) == 4


def test_the_first_is_written_alone(tmp_path):
    """Its depth range is that of a whole video."""
    writer = Writer()
    given = []

    def watched():
        for one in results(3):
            given.append([*writer.names])
            yield one

    write_predictions(
        watched(), lambda _: (writer, PictureFiles(tmp_path)), 3, []
    )
    assert given[:2] == [[], ['image0']]


def test_nothing_was_predicted():
    assert write_predictions(iter(()), lambda _: 1 / 0, 0, []) is None


def test_the_bar_counts_what_is_written(tmp_path, monkeypatch):
    counts = []
    monkeypatch.setattr(
        'xnet_mm.prediction.behind.Progress.update',
        lambda self, task, completed: counts.append(completed),
    )
    write_predictions(
        results(3), lambda _: (Writer(), PictureFiles(tmp_path)), 4, ['one']
    )
    assert counts == [2, 3, 4, 4]


def test_frames_in_order(tmp_path):
    path = tmp_path / 'v.mp4'
    write_predictions(
        results(9, (32, 32)),
        lambda _: (Writer(), PictureVideo(path, 5)),
        9,
        [],
    )
    video = cv2.VideoCapture(str(path))
    values = []
    while (frame := video.read()[1]) is not None:
        values.append(float(frame.mean()))
    assert np.allclose(values, [10 * i for i in range(9)], atol=4)
    assert [p.name for p in tmp_path.iterdir()] == ['v.mp4']


@pytest.mark.parametrize('error', [KeyboardInterrupt(), ValueError('model')])
def test_no_half_video_is_left(tmp_path, error):
    def interrupted():
        yield from results(3)
        raise error

    path = tmp_path / 'v.mp4'
    with pytest.raises(type(error)):
        write_predictions(
            interrupted(), lambda _: (Writer(), PictureVideo(path, 5)), 9, []
        )
    assert [*tmp_path.iterdir()] == [] and threads() == []


def test_a_full_disk_ends_it(tmp_path):
    full = OSError(errno.ENOSPC, 'No space left on device', 'labels/x.png')
    writer, taken, skipped = Writer(dict(image3=full)), [], []

    def watched():
        for one in results(99):
            taken.append(one[0])
            yield one

    with pytest.raises(OSError, match='No space left'):
        write_predictions(
            watched(), lambda _: (writer, PictureFiles(tmp_path)), 99, skipped
        )
    assert len(taken) < 30 and skipped == [] and not writer.closed
    assert threads() == []
