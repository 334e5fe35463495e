"""Images of any kind, read by a thread that goes before."""

import threading

import numpy as np
import pytest

from xnet_mm.prediction.sources import (
    Reader,
    batches,
    read_ahead,
    video_frames,
)


class Pipeline:
    takes_arrays = False

    def picture(self, path):
        return np.full((2, 2, 3), len(str(path)), np.uint8)


def test_in_order_by_another_thread():
    threads = set()

    def read(item):
        threads.add(threading.get_ident())
        return item * item

    assert [*read_ahead(range(20), read, 3)] == [i * i for i in range(20)]
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_nothing():
    assert [*read_ahead([], str, 1)] == []


@pytest.mark.parametrize('ahead', [1, 4])
def test_no_further_than_was_said(ahead):
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield taken[-1]

    source = read_ahead(endless(), str, ahead)
    assert taken == []
    for i in range(6):
        assert next(source) == str(i)
        assert len(taken) <= i + 1 + ahead
    source.close()


def test_an_error_comes_in_its_place():
    def read(item):
        if item == 2:
            raise OSError('two')
        return item

    source = read_ahead(range(9), read, 5)
    assert [next(source), next(source)] == [0, 1]
    with pytest.raises(OSError, match='two'):
        next(source)
    assert [*source] == []


def test_an_error_of_the_source():
    def items():
        yield 1
        raise KeyError('mine')

    source = read_ahead(items(), str, 2)
    assert next(source) == '1'
    with pytest.raises(KeyError, match='mine'):
        next(source)


def test_batches_and_what_was_left():
    assert [*batches(iter(range(5)), 2)] == [[0, 1], [2, 3], [4]]
    assert [*batches(iter(range(4)), 2)] == [[0, 1], [2, 3]]
    assert [*batches(iter(()), 2)] == []


@pytest.mark.parametrize('good', [3, 4])
def test_what_came_before_an_error_is_given(good):
    def items():
        yield from range(good)
        raise ValueError('bad')

    source, found = batches(items(), 2), []
    with pytest.raises(ValueError, match='bad'):
        found.extend(source)
    assert [i for batch in found for i in batch] == [*range(good)]


def test_an_array_is_turned_to_bgr():
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    source = Reader(Pipeline())(rgb)
    np.testing.assert_array_equal(source.image, rgb[..., ::-1])
    assert source.image.flags.c_contiguous
    assert (source.file, source.name) == (None, 'image_000001')


def test_names_are_different():
    reader = Reader(Pipeline())
    paths = ['a/x.png', 'b/x.jpg', 'x_2.png', 'b/x.png']
    assert [reader(p).name for p in paths] == ['x', 'x_2', 'x_2_2', 'x_3']


def test_frames_are_numbered():
    reader = Reader(Pipeline())
    frame = np.zeros((2, 2, 3), np.uint8)
    names = [reader.of_frame(frame, 'clip').name for _ in range(2)]
    assert names == ['clip/000000', 'clip/000001']


def test_a_video_that_ends_too_early():
    class Video(list):
        def what_is_missing(self):
            return 'v.mp4: 2 of 9 frames were read; the file is damaged'

    frames = video_frames(Video([1, 2]))
    assert [next(frames), next(frames)] == [1, 2]
    with pytest.raises(ValueError, match=r'v\.mp4: 2 of 9 frames'):
        next(frames)


def test_several_threads_read_in_order():
    barrier = threading.Barrier(3, timeout=60)

    def read(item):
        if item < 3:
            barrier.wait()  # passes when three are here
        return item * item

    found = [*read_ahead(iter(range(20)), read, 4, workers=3)]
    assert found == [i * i for i in range(20)]
