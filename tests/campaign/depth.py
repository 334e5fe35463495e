"""Depth maps, their scales, values that mean "none", cameras, splits."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.world import World, depth_config, figures_of, write_depth

KIND = 'depth'
BAD_FILE = r'depth/2\.\w+'
LOADERS = """
for loader in (train_dataloader, val_dataloader, test_dataloader):
    loader['dataset'].update({more})
"""


def config(desk: Desk, more: str = '', extra: str = '', **options) -> Path:
    path = desk.folder / 'c.py'
    text = LOADERS.format(more=more) + extra
    return depth_config(path, desk.folder, extra=text, **options)


def look_at(desk: Desk, path: Path) -> Run:
    return desk.tool(
        *('check_dataset.py', path, '--split', 'train', '--workers', '1'),
        *('--out', 'checked'),
    )


def train(desk: Desk, path: Path) -> Run:
    return desk.tool('train.py', path, '--work-dir', 'work')


def test(desk: Desk, path: Path, *more) -> Run:
    checkpoint = World(desk.world).checkpoint('depth10')
    words = ('test.py', path, checkpoint, '--work-dir', 'work-test')
    return desk.tool(*words, *more)


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def wrong(tool: Callable, name: str, made: str, edit, *words: str) -> Case:
    """One map of six is edited: `edit(path, array)`."""

    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        path = desk.folder / 'depth/2.png'
        edit(path, read(path))
        return tool(desk, config(desk))

    return Case(
        KIND,
        f'{tool.__name__}: one map, {name}',
        made,
        Refused((BAD_FILE, *words)),
        run,
    )


def saved(change: Callable, **options) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        Image.fromarray(change(array)).save(path, **options)

    return edit


def raw(change: Callable[[bytes], bytes]) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        path.write_bytes(change(path.read_bytes()))

    return edit


ONE = [
    (
        '8 bits',
        'values of 0..255',
        saved(lambda a: (a / 40).astype('u1')),
        '8-bit',
    ),
    (
        'coloured',
        'an RGB picture',
        saved(lambda a: np.dstack([(a / 40).astype('u1')] * 3)),
        'channel',
    ),
    ('half as large', '32x32', saved(lambda a: a[::2, ::2].copy()), '32'),
    ('empty', 'no bytes', raw(lambda b: b''), 'read|damaged|decode|empty'),
    (
        'cut',
        'half a PNG',
        raw(lambda b: b[: len(b) // 2]),
        'read|damaged|decode|cut|trunc',
    ),
    ('text', 'no picture', raw(lambda b: b'1 2 3'), 'read|damaged|decode'),
    ('missing', 'the file is gone', lambda p, a: p.unlink(), 'no such|miss'),
]


def every(tool, name, made, change, right, more='', extra='', **options):
    """Every map is `change(array)`, as 16-bit PNG."""

    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        for path in (desk.folder / 'depth').iterdir():
            cv2.imwrite(str(path), change(read(path)).astype(np.uint16))
        return tool(desk, config(desk, more, extra, **options))

    return Case(KIND, f'{tool.__name__}: all maps, {name}', made, right, run)


def said(pattern: str) -> Callable:
    import re

    def look(run: Run) -> None:
        check(re.search(pattern, run.text), f'does not say {pattern}')

    return look


def no_end(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[::2, ::3] = 65535
    return array


ALL = [
    every(
        train,
        'zeros',
        'no depth anywhere',
        np.zeros_like,
        Refused(('depth', 'no|0|without')),
    ),
    every(
        look_at,
        'zeros',
        'no depth anywhere',
        np.zeros_like,
        Gives('says so', or_refused=('depth|truth|valid',)),
    ),
    every(
        train,
        'beyond max_depth',
        'metres taken for mm: x 20',
        lambda a: np.minimum(a.astype(np.int64) * 20, 65000),
        Refused(('max_depth|depth_scale', 'above|beyond|far')),
    ),
    every(
        train,
        '65535 at a sixth',
        '65535 means none, nobody says so',
        no_end,
        Gives('warns of 65535', said('65535'), or_refused=('65535',)),
    ),
    every(
        look_at,
        '65535 at a sixth',
        '65535 means none, nobody says so',
        no_end,
        Gives('warns of 65535', said('65535'), or_refused=('65535',)),
    ),
]


def same(name, made, write, more='', refuse=None) -> Case:
    """The same metres in other files: `write(stem, metres)`; 0 is none."""
    expected: dict = {}

    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        for path in (desk.folder / 'depth').iterdir():
            array = read(path)
            path.unlink()
            write(path.with_suffix(''), array.astype(np.float32) / 1000)
        expected.update(World(desk.world).figures('depth10'))
        ending = next((desk.folder / 'depth').iterdir()).suffix
        options = f'depth_suffix={ending!r}, {more}'
        return test(desk, config(desk, options))

    def look(run: Run) -> None:
        found = figures_of(run)
        check(expected and found, 'no figures')
        near = all(
            abs(found[k] - v) <= 2e-4 * max(1, abs(v))
            for k, v in expected.items()
        )
        check(near, f'{found}, not {expected}')

    right = Gives('the figures of the 16-bit files', look, or_refused=refuse)
    return Case(KIND, f'test: {name}', made, right, run)


def npy(change: Callable) -> Callable:
    def write(stem: Path, metres: np.ndarray) -> None:
        np.save(stem.with_suffix('.npy'), change(metres))

    return write


def none_as(value: float, dtype=np.float32) -> Callable:
    return npy(lambda m: np.where(m == 0, value, m).astype(dtype))


def npz(**arrays) -> Callable:
    def write(stem: Path, metres: np.ndarray) -> None:
        found = {k: change(metres) for k, change in arrays.items()}
        np.savez_compressed(stem.with_suffix('.npz'), **found)

    return write


def tiff(dtype) -> Callable:
    def write(stem: Path, metres: np.ndarray) -> None:
        cv2.imwrite(str(stem.with_suffix('.tiff')), metres.astype(dtype))

    return write


def png_none(stem: Path, metres: np.ndarray) -> None:
    array = np.rint(metres * 1000).astype(np.uint16)
    array[metres == 0] = 65535
    cv2.imwrite(str(stem.with_suffix('.png')), array)


METRES = 'depth_scale=1.0'
SAME = [
    same('npy float32', 'metres', npy(lambda m: m), METRES),
    same('npy float64', 'metres', npy(lambda m: m.astype('f8')), METRES),
    same('npy big-endian', 'metres', npy(lambda m: m.astype('>f4')), METRES),
    same('npy Fortran order', 'metres', npy(np.asfortranarray), METRES),
    same(
        'npy int32',
        'millimetres',
        npy(lambda m: np.rint(m * 1000).astype(np.int32)),
    ),
    same(
        'npy (64,64,1)',
        'a channel axis',
        npy(lambda m: m[..., None]),
        METRES,
        refuse=(r'depth/\d',),
    ),
    same(
        'npy (1,64,64)',
        'a channel axis',
        npy(lambda m: m[None]),
        METRES,
        refuse=(r'depth/\d',),
    ),
    same('npz', 'one array', npz(a=lambda m: m), METRES),
    same(
        'npz of two',
        'depth and another',
        npz(depth=lambda m: m, z=np.flip),
        METRES,
    ),
    same('float TIFF', 'metres', tiff(np.float32), METRES),
    same('NaN means none', 'npy', none_as(np.nan), METRES),
    same('inf means none', 'npy', none_as(np.inf), METRES),
    same('-1 means none', 'npy', none_as(-1.0), METRES),
    same(
        '65535 means none',
        '16-bit PNG, invalid_values=[65535]',
        png_none,
        'invalid_values=[65535]',
    ),
    same(
        '9999 means none',
        'npy, invalid_values=[9999]',
        none_as(9999.0),
        f'{METRES}, invalid_values=[9999]',
    ),
    same(
        '60000 means none',
        'npy int32, invalid_values=[60000]',
        npy(lambda m: np.where(m == 0, 60000, np.rint(m * 1000)).astype('i4')),
        'invalid_values=[60000]',
    ),
]


CASES = [
    *(
        wrong(tool, *one)
        for one in ONE
        for tool in (train, look_at)
        if tool is look_at or one[0] in ('8 bits', 'missing', 'half as large')
    ),
    *ALL,
    *SAME,
]
