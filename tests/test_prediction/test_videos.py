"""Frames of a video, and whether they are all."""

import pytest
from video_files import write_video

from xnet_mm.prediction.videos import Video, is_cut_short

KINDS = {
    'a.avi': 'MJPG',
    'a.mp4': 'mp4v',
    'a.mov': 'mp4v',
    'a.mkv': 'mp4v',
    'a.webm': 'VP80',
}


@pytest.mark.parametrize('name', KINDS)
def test_a_whole_video(tmp_path, name):
    path = tmp_path / name
    write_video(path, 12, KINDS[name])
    video = Video(path)
    assert video.count == 12 and video.fps == 5
    assert len([*video]) == video.read == 12
    assert video.what_is_missing() == '' and not is_cut_short(path)


@pytest.mark.parametrize('name', ['a.avi', 'a.mkv', 'a.webm'])
@pytest.mark.parametrize('share', [0.4, 0.98])
def test_what_is_left_of_a_video(tmp_path, name, share):
    path = tmp_path / name
    write_video(path, 12, KINDS[name], size=(320, 240), noise=99)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    video = Video(path)
    frames = len([*video])
    assert frames > 0
    wanted = f'{path}: {frames} of 12 frames were read; the file was cut short'
    assert video.what_is_missing().startswith(wanted)


@pytest.mark.parametrize('name', ['a.mp4', 'a.mov'])
def test_a_video_without_its_index(tmp_path, name):
    path = tmp_path / name
    write_video(path, 12, KINDS[name])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=rf'{name}: unreadable .*cut short'):
        Video(path)


def test_no_video(tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'no video')
    with pytest.raises(ValueError, match=r'a\.mp4: unreadable video$'):
        Video(path)
    with pytest.raises(FileNotFoundError, match=r'b\.mp4: no such file'):
        Video(tmp_path / 'b.mp4')


@pytest.mark.parametrize(
    ('count', 'read', 'text'),
    [
        (100, 100, ''),
        (100, 101, ''),  # more than estimated
        (100, 92, ''),  # within the error of an estimate
        (100, 80, '80 of 100 frames were read; the file is damaged'),
        (12, 10, ''),
        (12, 5, '5 of 12 frames were read; the file is damaged'),
        (0, 40, ''),  # the container does not say
        (12, 0, 'no frame can be read'),
    ],
)
def test_counts_that_are_estimates(tmp_path, count, read, text):
    path = tmp_path / 'a.avi'
    write_video(path, 2)
    video = Video(path)
    video.count, video.read = count, read
    assert video.what_is_missing() == (f'{path}: {text}' if text else '')


def test_sizes_that_are_not_known(tmp_path):
    path = tmp_path / 'a'
    segment = b'\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67'
    for content, cut in (
        (segment + b'\x01' + b'\xff' * 7 + bytes(9), False),  # a live stream
        (segment + b'\x01' + bytes(6) + b'\x09' + bytes(9), False),
        (segment + b'\x01' + bytes(6) + b'\x0a' + bytes(9), True),
        (b'\0\0\0\x08free\0\0\0\0mdat' + bytes(9), False),
        (b'\0\0\0\x08free\0\0\0\x12mdat' + bytes(9), True),
        (b'\0\0\0\x01mdat' + bytes(7) + b'\x20' + bytes(16), False),
        (b'\0\0\0\x01mdat' + bytes(7) + b'\x21' + bytes(16), True),
        (b'', False),
    ):
        path.write_bytes(content)
        assert is_cut_short(path) == cut, content
