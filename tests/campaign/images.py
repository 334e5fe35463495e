"""Images of all formats, damaged ones, folders and videos of them."""

from pathlib import Path

import cv2
import numpy as np
import tiny
from PIL import Image

from campaign.case import (
    BAD,
    LOST,
    Case,
    Holds,
    Run,
    Skips,
    check,
    check_clear,
)
from campaign.desk import Desk
from campaign.pictures import READABLE, UNREADABLE
from campaign.world import World

KIND = 'images'
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
]
