"""tools/predict.py with inputs of all kinds: nothing is lost or read twice."""

import errno
import re
from functools import partial
from threading import enumerate as enumerate_threads

import cv2
import numpy as np
import picture_files
import pytest
from picture_files import RGB16, pillow
from tiny_depth import depth_of, make_image, write_run
from tool_runs import run_tool
from video_files import write_video

from xnet_mm.fileio.images import read_image


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch, 'predict.py')


def read_units(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_good_and_bad_images_twice(tmp_path, run, capfd):
    config, checkpoint = write_run(tmp_path)
    text = config.read_text()
    config.write_text(text.replace('LoadImageFromFile', 'xnet_mm.LoadImage'))
    source = tmp_path / 'in'
    source.mkdir()
    whole = pillow(make_image(), 'JPEG')
    files = {
        'good.png': pillow(make_image(), 'PNG'),
        'deep.tif': picture_files.tiff(RGB16),  # 16 bits in colour
        'turned.jpg': pillow(make_image(), 'JPEG', exif=picture_files.exif(6)),
        'one.png': pillow(np.full((1, 1, 3), 90, np.uint8), 'PNG'),
        'line.png': pillow(np.full((1, 5000, 3), 90, np.uint8), 'PNG'),
        'cut.jpg': whole[: len(whole) // 2],
        'dark.png': picture_files.refused_files()['dark.png'][0],
        'bomb.png': picture_files.png(b'\0', 8, 2, 60_000, 60_000),
        'empty.bmp': b'',
        'text.webp': b'no image',
    }
    for name, content in files.items():
        (source / name).write_bytes(content)
    out = source / 'out'
    good = ['deep', 'good', 'line', 'one', 'turned']
    for _ in range(2):
        with pytest.raises(SystemExit) as stop:
            run(
                *(config, checkpoint, source, '--out-dir', out),
                *('--batch-size', 4, '--device', 'cpu'),
            )
        title, *lines = str(stop.value).splitlines()
        assert title == 'Skipped:' and len(lines) == 5
        for line, (name, text) in zip(
            lines,
            (
                ('bomb.png', '60000x60000 pixels, more than'),
                ('cut.jpg', r'cut short: about '),
                ('dark.png', '16-bit values end at'),
                ('empty.bmp', 'an empty file, 0 bytes'),
                ('text.webp', 'not of a kind that is read'),
            ),
            strict=True,
        ):
            assert line.startswith(f'{source / name}: ') and text in line
        names = sorted(p.stem for p in (out / 'depth').iterdir())
        assert names == good
    assert '10 images below' in capfd.readouterr().out
    for name in files:
        if name.split('.')[0] in good:
            wanted = depth_of(read_image(source / name)) * 1000
            units = read_units(out / 'depth' / f'{name.split(".")[0]}.png')
            assert np.abs(units - wanted).max() <= 0.5 + 1e-3


def test_a_video_cut_short(tmp_path, run):
    config, checkpoint = write_run(tmp_path)
    source, out = tmp_path / 'v.avi', tmp_path / 'out'
    write_video(source, 12, size=(320, 240), noise=99)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 45 // 100])
    with pytest.raises(SystemExit, match=r'v\.avi: (\d) of 12 frames') as stop:
        run(config, checkpoint, source, '--out-dir', out, '--device', 'cpu')
    number = int(str(stop.value).split('v.avi: ')[1].split()[0])
    assert len([*(out / 'depth' / 'v').iterdir()]) == number > 3
    video = cv2.VideoCapture(str(out / 'pictures' / 'v.mp4'))
    assert len([*iter(lambda: video.read()[0], False)]) == number


def test_outputs_where_the_input_is(tmp_path, run):
    config, checkpoint = write_run(tmp_path)
    for source, out in (('rgb', 'rgb'), ('rgb/depth', 'rgb')):
        (tmp_path / source).mkdir(exist_ok=True)
        with pytest.raises(SystemExit, match='lies there, and would be over'):
            run(
                *(config, checkpoint, tmp_path / source),
                *('--out-dir', tmp_path / out),
            )


def test_a_full_disk(tmp_path, run, monkeypatch):
    config, checkpoint = write_run(tmp_path)
    written = []

    def full(path, data):
        written.append(path)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, 'No space left on device', str(path))

    monkeypatch.setattr('xnet_mm.prediction.depth.write_atomically', full)
    monkeypatch.setattr('xnet_mm.prediction.files.write_atomically', full)
    with pytest.raises(SystemExit, match=r'^No space left on device: .*out'):
        run(
            *(config, checkpoint, tmp_path / 'rgb'),
            *('--out-dir', tmp_path / 'out', '--device', 'cpu'),
        )
    names = [thread.name for thread in enumerate_threads()]
    assert not any(re.match('xnet_mm-(read|write|fin)', n) for n in names)


def test_any_number_of_threads_writes_the_same(tmp_path, run, monkeypatch):
    config, checkpoint = write_run(tmp_path)
    folders = []
    for workers in (1, 3):
        monkeypatch.setattr('xnet_mm.prediction.behind.WRITERS', workers)
        monkeypatch.setattr('xnet_mm.prediction.inputs.READERS', workers)
        folders.append(tmp_path / f'out{workers}')
        run(
            *(config, checkpoint, tmp_path / 'rgb'),
            *('--out-dir', folders[-1], '--device', 'cpu', '--npy'),
        )
    found = [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob('*.*')
        }
        for folder in folders
    ]
    assert found[0] == found[1] and len(found[0]) == 3 * 4
