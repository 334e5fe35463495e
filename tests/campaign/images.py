"""Images of all formats, damaged ones, folders and videos of them."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tiny
from PIL import Image

from campaign.case import (
    BAD,
    LOST,
    Case,
    Gives,
    Holds,
    Refused,
    Run,
    Skips,
    check,
    check_clear,
)
from campaign.desk import Desk
from campaign.pictures import READABLE, UNREADABLE
from campaign.world import World, figures_of

KIND = 'images'
EITHER = ('either',)  # what is no file at all may be named or not
ALIKE = 0.995  # of the labels: a rounded pixel may turn one


def scene(seed: int = 0, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """An RGB image (H,W,3) of the three classes' colours."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(3, size=(4, 5))
    image = np.array(tiny.PALETTE, np.uint8)[blocks]
    image = cv2.resize(image, size[::-1], interpolation=0)
    return image + rng.integers(60, size=image.shape, dtype=np.uint8)


def predict(desk: Desk, source: Path, *more, out: str = 'out') -> Run:
    world = World(desk.world)
    return desk.tool(
        *('predict.py', world.config('seg3'), world.checkpoint('seg3')),
        *(source, '--out-dir', desk.folder / out, *more),
    )


def exported(desk: Desk, *images: Path, out: str = 'out2') -> Run:
    model = World(desk.world).exported('seg3')
    return desk.tool(
        *('predict_exported.py', model, *images),
        *('--out-dir', desk.folder / out, '--threads', '1'),
    )


def labels(desk: Desk, out: str, name: str) -> np.ndarray | None:
    """A label map that was written, if it was."""
    for path in (f'{name}.png', f'{Path(name).stem}.png'):
        file = desk.folder / out / 'labels' / path
        if file.exists():
            return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    return None


def save(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def same(found: np.ndarray | None, wanted: np.ndarray | None) -> bool:
    return (
        found is not None
        and wanted is not None
        and found.shape == wanted.shape
        and (found == wanted).mean() >= ALIKE
    )


def readable(name: str) -> Case:
    """One file by both tools, beside its pixels as a plain PNG."""
    picture = READABLE[name]

    def run(desk: Desk) -> Run:
        folder = desk.folder / 'in'
        folder.mkdir()
        path = folder / f'odd{picture.ending}'
        right = picture.write(path, scene(1, (64, 96)))
        plain = save(folder / 'plain.png', scene(1, (64, 96)))
        if right is not None:
            save(plain, np.ascontiguousarray(right))
        results = []
        for tool, made in (
            (predict(desk, folder), 'out'),
            (exported(desk, path, plain), 'out2'),
        ):
            found, wanted = (labels(desk, made, n) for n in ('odd', 'plain'))
            check(wanted is not None, 'plain.png was lost', LOST)
            if found is None:
                check_clear(tool, (r'odd\.',))
                check(tool.code, 'skipped with exit status 0')
                check(not picture.sure, f'refused: {tool.message[-200:]}', BAD)
            else:
                check(tool.code == 0, 'predicted, but a non-zero end', BAD)
                if right is not None:
                    check(same(found, wanted), f'other labels in {made}')
            results.append(found)
        first, second = results
        check(
            (first is None) == (second is None), 'one tool reads it, one not'
        )
        check(first is None or same(first, second), 'the tools differ')
        return tool

    what = 'the labels of its pixels, by predict.py and predict_exported.py'
    if not picture.sure:
        what += '; or both refuse it'
    return Case(KIND, f'reads {name}', picture.made, Holds(what), run)


def beside(tool: str, name: str) -> Case:
    """A damaged file among good ones."""
    made, content = UNREADABLE[name]
    out = {'predict.py': 'out', 'predict_exported.py': 'out2'}[tool]

    def run(desk: Desk) -> Run:
        folder = desk.folder / 'in'
        good = [save(folder / f'{i}.png', scene(i)) for i in range(3)]
        bad = folder / f'1-{name}'
        bad.write_bytes(content(scene(7, (128, 128))))
        if tool == 'predict.py':
            run = predict(desk, folder)
        else:
            run = exported(desk, *good[:1], bad, *good[1:])
        left = [labels(desk, out, str(i)) is not None for i in range(3)]
        check(all(left), f'predicted of the good ones: {left}', LOST)
        found = labels(desk, out, f'1-{name}')
        check(found is None or run.code, 'labels, and exit status 0')
        return run

    return Case(
        KIND,
        f'{tool}: {name} among good ones',
        made,
        Skips((name.replace('.', r'\.'),)),
        run,
    )


def odd_size(height: int, width: int) -> Case:
    """A picture that is no damaged file: predicted, or named and skipped."""
    name = f'{height}x{width}'

    def run(desk: Desk) -> Run:
        folder = desk.folder / 'in'
        odd = save(folder / f'{name}.png', scene(3, (height, width)))
        good = save(folder / 'z.png', scene(1))
        for tool, out in (
            (predict(desk, folder), 'out'),
            (exported(desk, odd, good), 'out2'),
        ):
            check(labels(desk, out, 'z') is not None, 'z.png is lost', LOST)
            found = labels(desk, out, name)
            if found is None:
                check(tool.code, 'skipped with exit status 0')
                check_clear(tool, (name,))
            else:
                check(tool.code == 0, 'predicted, but a non-zero end', BAD)
                check(found.shape == (height, width), f'{found.shape} labels')
        return tool

    what = 'labels of its size, or named and skipped; the next one predicted'
    made = f'{height} rows, {width} columns'
    return Case(KIND, f'size {name}', made, Holds(what), run)


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


def by_test(ending: str, made: str, write: Callable, sure: bool) -> Case:
    """The images of a data set in another format: figures as ever."""
    expected: dict = {}

    def run(desk: Desk) -> Run:
        world = World(desk.world)
        (desk.folder / 'images').mkdir()
        (desk.folder / 'labels').symlink_to(world.seg / 'labels')
        for path in sorted((world.seg / 'images').iterdir()):
            image = np.asarray(Image.open(path).convert('RGB'))
            target = desk.folder / 'images' / f'{path.stem}{ending}'
            write(target, image)
        extra = f"\ntest_dataloader['dataset']['img_suffix'] = {ending!r}\n"
        config = world.write_config(
            'seg3', desk.folder / 'c.py', data=desk.folder, extra=extra
        )
        expected.update(world.figures('seg3'))
        return desk.tool('test.py', config, world.checkpoint('seg3'))

    def look(run: Run) -> None:
        found = figures_of(run)
        check(found == expected, f'{found}, not {expected}')

    words = None if sure else (r'images/\d',)
    right = Gives('the figures of the PNG files', look, or_refused=words)
    return Case(KIND, f'test.py: {made}', f'all images as {made}', right, run)


def broken_in_test(tool: str, name: str) -> Case:
    """A damaged image in a data set."""
    made, content = UNREADABLE[name]

    def run(desk: Desk) -> Run:
        world = World(desk.world)
        tiny.write_tiny_seg(desk.folder, size=(64, 64))
        (desk.folder / 'images/3.png').write_bytes(content(scene(7)))
        config = world.write_config(
            'seg3', desk.folder / 'c.py', data=desk.folder
        )
        more = [world.checkpoint('seg3')] if tool == 'test.py' else []
        return desk.tool(tool, config, *more, '--work-dir', 'work')

    right = Refused((r'images/3\.png',))
    return Case(KIND, f'{tool}: image {name}', made, right, run)


CASES = [
    *(readable(name) for name in READABLE),
    *(beside('predict.py', name) for name in UNREADABLE),
    *(beside('predict_exported.py', name) for name in UNREADABLE),
    *(
        odd_size(*size)
        for size in (
            (1, 1),
            (1, 5000),
            (5000, 1),
            (2, 3),
            (7, 7),
            (63, 65),
            (31, 1000),
        )
    ),
    *FOLDERS,
    *VIDEOS,
    *(
        by_test(
            READABLE[n].ending,
            f'{n} ({READABLE[n].made})',
            READABLE[n].write,
            READABLE[n].sure,
        )
        for n in (
            'rgb.bmp',
            'lzw.tiff',
            'lossless.webp',
            'rgb16.png',
            'rgba.png',
            'turned6.png',
            'turned3.tif',
            'interlaced.png',
        )
    ),
    *(
        broken_in_test(tool, name)
        for tool in ('test.py', 'train.py')
        for name in (
            'empty.png',
            'cut50.png',
            'cut95.jpg',
            'html.png',
            'bomb.png',
            'check.png',
        )
    ),
]
