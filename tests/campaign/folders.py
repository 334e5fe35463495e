"""Folders of images, videos, and data sets of odd images."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2

from campaign.case import (
    BAD,
    LOST,
    Case,
    Gives,
    Holds,
    Run,
    Skips,
    check,
    check_clear,
)
from campaign.desk import Desk
from campaign.images import KIND, predict, save, scene

EITHER = ('either',)  # what is no file at all may be named or not


def folder_case(name: str, made: str, what: str, fill: Callable) -> Case:
    """`fill(desk, folder)` gives names whose labels have to be there."""

    def run(desk: Desk) -> Run:
        folder = desk.folder / 'in'
        save(folder / 'first.png', scene(0))
        wanted, out, words = fill(desk, folder)
        run = predict(desk, folder, out=out)
        if words == EITHER:
            check(not run.timed_out, 'waits for ever', BAD)
        elif words:
            check(run.code, 'exit status 0, wanted one that names it')
            check_clear(run, words)
        else:
            check(run.code == 0, f'code {run.code}: {run.message[-200:]}', BAD)
        found = {
            p.relative_to(desk.folder / out / 'labels').as_posix()
            for p in (desk.folder / out / 'labels').rglob('*.png')
            if p.is_file()
        }
        missing = {f'{n}.png' for n in wanted} - found
        check(not missing, f'no labels {missing}, found {found}', LOST)
        extra = found - {f'{n}.png' for n in wanted}
        check(not extra, f'labels of what is no input: {extra}')
        return run

    return Case(KIND, f'folder: {name}', made, Holds(what), run)


def _again(desk: Desk, folder: Path):
    predict(desk, folder, out='in/out')
    return ['first'], 'in/out', ()


def _two_names(desk: Desk, folder: Path):
    save(folder / 'a.png', scene(1))
    save(folder / 'a.jpg', scene(2))
    return ['first', 'a.png', 'a.jpg'], 'out', ()


def _two_folders(desk: Desk, folder: Path):
    save(folder / 'x/a.png', scene(1))
    save(folder / 'y/a.png', scene(2))
    return ['first', 'x/a', 'y/a'], 'out', ()


def _capitals(desk: Desk, folder: Path):
    save(folder / 'a.png', scene(1))
    save(folder / 'a.PNG', scene(2))
    return ['first', 'a.png', 'a.PNG'], 'out', ()


def _linked(desk: Desk, folder: Path):
    save(desk.folder / 'elsewhere/a.png', scene(1))
    (folder / 'link').symlink_to(desk.folder / 'elsewhere')
    return ['first', 'link/a'], 'out', ()


def _circle(desk: Desk, folder: Path):
    (folder / 'circle').symlink_to(folder)
    return ['first'], 'out', ()


def _dangling(desk: Desk, folder: Path):
    (folder / 'gone.png').symlink_to(folder / 'nowhere.png')
    return ['first'], 'out', (r'gone\.png',)


def _folder_as_image(desk: Desk, folder: Path):
    save(folder / 'dir.png' / 'a.png', scene(1))
    return ['first', 'dir.png/a'], 'out', EITHER


def _pipe(desk: Desk, folder: Path):
    os.mkfifo(folder / 'pipe.png')
    return ['first'], 'out', EITHER


def _names(*names: str):
    def fill(desk: Desk, folder: Path):
        for i, name in enumerate(names):
            save(folder / f'{name}.png', scene(i))
        return ['first', *names], 'out', ()

    return fill


FOLDERS = [
    folder_case(
        'out-dir inside, twice',
        '--out-dir IN/out, run twice',
        'the labels of the first run are no input',
        _again,
    ),
    folder_case(
        'a.png and a.jpg', 'one stem, two files', 'two files', _two_names
    ),
    folder_case(
        'a.png and a.PNG',
        'names that differ in capitals',
        'two files',
        _capitals,
    ),
    folder_case(
        'x/a and y/a', 'one name in two folders', 'two files', _two_folders
    ),
    folder_case(
        'a linked folder',
        'a link to a folder elsewhere',
        'its images too, as for data sets',
        _linked,
    ),
    folder_case(
        'a circle of links',
        'a link to the folder itself',
        'each image once',
        _circle,
    ),
    folder_case(
        'a dangling link', 'a link to no file', 'named, skipped', _dangling
    ),
    folder_case(
        'a folder called dir.png',
        "a folder with an image's name",
        'its content; named or not',
        _folder_as_image,
    ),
    folder_case(
        'a pipe',
        'a named pipe called pipe.png',
        'named or not; no wait for ever',
        _pipe,
    ),
    folder_case(
        'odd names',
        'blanks, umlauts, %d, brackets, a dash',
        'all of them',
        _names('a b', 'ü-é-日', '%d', '[x]', '-rf'),
    ),
    folder_case(
        'dots',
        'names that hold dots',
        'none overwrites another',
        _names('a.b', 'a.c', 'a'),
    ),
]


def video(name: str, made: str, words, frames, cut) -> Case:
    """A video of 12 frames; `frames` of them are left."""

    def run(desk: Desk) -> Run:
        path = desk.folder / 'film.avi'
        code = cv2.VideoWriter.fourcc(*'MJPG')
        writer = cv2.VideoWriter(str(path), code, 10, (64, 64))
        for i in range(12):
            writer.write(scene(i)[..., ::-1])
        writer.release()
        path.write_bytes(cut(path.read_bytes()))
        run = predict(desk, path)
        found = len([*(desk.folder / 'out').rglob('labels/**/*.png')])
        check(found >= frames, f'{found} of {frames} frames', LOST)
        return run

    right = Skips(words) if words else Gives('12 label maps')
    return Case(KIND, f'video: {name}', made, right, run)


VIDEOS = [
    video('whole', '12 frames', (), 12, lambda b: b),
    video(
        'half',
        'the first half of the file',
        (r'film\.avi', r'\d'),
        3,
        lambda b: b[: len(b) // 2],
    ),
    video(
        'a third',
        'the first third of the file',
        (r'film\.avi', r'\d'),
        1,
        lambda b: b[: len(b) // 3],
    ),
    video(
        'a hole',
        'zeros from the middle on',
        (r'film\.avi', r'\d'),
        3,
        lambda b: b[: len(b) // 2] + bytes(len(b) // 2),
    ),
    video(
        'head', 'the first 500 bytes', (r'film\.avi',), 0, lambda b: b[:500]
    ),
    video('text', 'no video', (r'film\.avi',), 0, lambda b: b'text' * 100),
    video('empty', 'no bytes', (r'film\.avi',), 0, lambda b: b''),
]


CASES = [
    *FOLDERS,
    *VIDEOS,
]
