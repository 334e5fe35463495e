"""Maps of another program, judged by evaluate.py: the figure or a sentence."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from campaign.case import Case, Gives, Run, check
from campaign.desk import Desk

KIND = 'judge'
NAMES = ('a', 'b', 'c')
FAR, NEAR = 10.0, 1e-3
CUSTOM = ('--protocol', 'custom', '--max-depth', FAR)
PAIR = ('p', 't', *CUSTOM)
LIST = ('list.txt', 't', *CUSTOM)


def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(prediction, truth) of quarters of a metre, which all files hold."""
    rng = np.random.default_rng(number)
    size = 24, 32
    gt = rng.integers(0, 44, size) / 4  # 0 is none, and some are too far
    pred = rng.integers(1, 40, size) / 4
    return pred.astype(np.float32), gt.astype(np.float32)


def by_hand(maps: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> float:
    """abs_rel: a mean over the pixels, then over the images."""
    means = []
    for pred, gt in maps.values():
        known = (gt > NEAR) & (gt < FAR)
        clamped = pred.astype(np.float64)[known].clip(NEAR, FAR)
        means.append((abs(clamped - gt[known]) / gt[known]).mean())
    return float(np.mean(means))


def write(path: Path, depth: np.ndarray) -> None:
    """As its suffix says: metres, or millimetres in PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npy':
        np.save(path, depth)
    elif path.suffix == '.npz':
        np.savez_compressed(path, depth=depth)
    elif path.suffix == '.png':
        cv2.imwrite(str(path), (depth * 1000).astype(np.uint16))
    else:
        cv2.imwrite(str(path), depth)


def scenes(desk: Desk, suffix: str = '.npy') -> dict:
    """p/a, b, c and t/a, b, c; what is in them."""
    maps = {name: scene(i) for i, name in enumerate(NAMES)}
    for name, (pred, gt) in maps.items():
        write(desk.folder / 'p' / f'{name}{suffix}', pred)
        write(desk.folder / 't' / f'{name}.npy', gt)
    return maps


def judge(desk: Desk, *words) -> Run:
    return desk.tool('evaluate.py', *words, '--workers', '1')


def gives(
    name: str,
    made: str,
    edit: Callable[[Path, dict], None] = lambda folder, maps: None,
    *said: str,
    suffix: str = '.npy',
    args=PAIR,
) -> Case:
    """An edit of the files, and of the maps by which the figure is known."""
    known: dict = {}

    def run(desk: Desk) -> Run:
        maps = scenes(desk, suffix)
        edit(desk.folder, maps)
        known.update(wanted=by_hand(maps), card=desk.folder / 'evaluation')
        return judge(desk, *args)

    def look(run: Run) -> None:
        card = json.loads((known['card'] / 'card.json').read_text())
        found = card['figures']['metric']['abs_rel']
        wanted = known['wanted']
        check(abs(found - wanted) < 1e-6 * wanted + 1e-9, f'{found} {wanted}')
        for text in said:
            check(text in run.text, f'does not say: {text}')

    right = Gives('the figure by hand', look)
    return Case(KIND, name, made, right, run)


def one(change: Callable, name: str = 'b') -> Callable:
    """One prediction is `change(array)`."""

    def edit(folder: Path, maps: dict) -> None:
        pred, gt = maps[name]
        changed = change(pred.copy())
        write(folder / 'p' / f'{name}.npy', changed)
        maps[name] = changed, gt

    return edit


def pixel(value: float) -> Callable:
    def change(array: np.ndarray) -> np.ndarray:
        array[3, 4] = value
        return array

    return change


def rename(change: Callable[[str], str]) -> Callable:
    def edit(folder: Path, maps: dict) -> None:
        for side in 'pt':
            for path in sorted((folder / side).iterdir()):
                path.rename(path.with_name(change(path.name)))

    return edit


def in_millimetres(folder: Path, maps: dict) -> None:
    for name, (pred, gt) in maps.items():
        write(folder / 'p' / f'{name}.npy', pred * 1000)
        maps[name] = pred * 1000, gt


def as_links(folder: Path, maps: dict) -> None:
    (folder / 'p').rename(folder / 'elsewhere')
    (folder / 'p').mkdir()
    for path in (folder / 'elsewhere').iterdir():
        (folder / 'p' / path.name).symlink_to(path)


def list_of(names: str, *, both: bool = False) -> Callable:
    def edit(folder: Path, maps: dict) -> None:
        lines = [
            f'p/{n}.npy t/{n}.npy' if both else f'p/{n}.npy' for n in names
        ]
        (folder / 'list.txt').write_text('\n'.join(lines))

    return edit


CASES = [
    gives('as they are', 'three maps in metres'),
    *(
        gives(f'{suffix[1:]}', f'predictions as {suffix}', suffix=suffix)
        for suffix in ('.png', '.npz', '.tif')
    ),
    gives('a list backwards', 'c, b, a', list_of('cba'), args=LIST),
    gives(
        'a list of pairs',
        'both sides in one list',
        list_of('bca', both=True),
        args=('list.txt', *CUSTOM),
    ),
    gives('names with blanks', '"a  x.npy"', rename('x  '.__add__)),
    gives('names of other letters', '"ü一a.npy"', rename('ü一 '.__add__)),
    gives('links', 'predictions are links', as_links),
    gives(
        'millimetres as metres',
        'floats, 1000 times too far',
        in_millimetres,
        'WARNING: the truth is 0.00',
        '--prediction-scale',
    ),
    gives('a zero', 'one pixel is 0', one(pixel(0))),
    gives('a negative depth', 'one pixel is -3', one(pixel(-3))),
    gives('a far depth', 'one pixel is 1e30', one(pixel(1e30))),
    gives(
        'the same folder twice',
        'the truth is its own prediction',
        lambda folder, maps: maps.update(
            {n: (g, g) for n, (_, g) in maps.items()}
        ),
        'very files of the truth',
        args=('t', 't', *CUSTOM),
    ),
]
