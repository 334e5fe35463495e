"""Arrays of odd headers; scales, cameras and splits of depth data."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from campaign.case import Case, Gives, Refused, Run
from campaign.depth import BAD_FILE, KIND, config, look_at, train
from campaign.desk import Desk
from campaign.world import World, write_depth


def header(shape: tuple, dtype: str = '<f4') -> bytes:
    """The start of an npy file of any size."""
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        data, dict(descr=dtype, fortran_order=False, shape=shape)
    )
    return data.getvalue()


def bomb(path: Path, marker=None) -> None:
    """20 GB of zeros in 20 MB."""
    with (
        zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, True, 1) as file,
        file.open('depth.npy', 'w', force_zip64=True) as inner,
    ):
        inner.write(header((70000, 70000)))
        for _ in range(200):
            inner.write(bytes(10**7))


def huge_npy(path: Path, marker=None) -> None:
    path.write_bytes(header((70000, 70000)) + bytes(1000))


def short_npy(path: Path, marker=None) -> None:
    path.write_bytes(header((64, 64)) + bytes(1000))


def text_npy(path: Path, marker=None) -> None:
    np.save(path, np.full((64, 64), 'far'))


def complex_npy(path: Path, marker=None) -> None:
    np.save(path, np.ones((64, 64), complex))


def flat_npy(path: Path, marker=None) -> None:
    np.save(path, np.ones(64 * 64, np.float32))


def two_npz(path: Path, marker=None) -> None:
    np.savez(path, a=np.ones((64, 64)), b=np.ones((64, 64)))


def array(tool: Callable, write: Callable, ending: str, *words) -> Case:
    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        for path in (desk.folder / 'depth').iterdir():
            np.save(path.with_suffix('.npy'), np.ones((64, 64), np.float32))
            path.unlink()
        if ending == '.npz':
            for path in (desk.folder / 'depth').iterdir():
                np.savez(path.with_suffix('.npz'), np.load(path))
                path.unlink()
        write(desk.folder / f'depth/2{ending}')
        more = f'depth_suffix={ending!r}, depth_scale=1.0'
        return tool(desk, config(desk, more))

    name = write.__name__
    made = f'{write.__doc__ or name} as {ending}'
    right = Refused((BAD_FILE, *words))
    return Case(KIND, f'{tool.__name__}: {name}', made, right, run)


ARRAYS = [
    array(look_at, bomb, '.npz', 'large|size|70000|MB|GB|shape|pixels'),
    array(train, bomb, '.npz', 'large|size|70000|MB|GB|shape|pixels'),
    array(look_at, huge_npy, '.npy', 'large|size|70000|cut|bytes|shape|read'),
    array(look_at, short_npy, '.npy', 'read|cut|bytes|damaged'),
    array(look_at, text_npy, '.npy', 'number|U3|text'),
    array(look_at, complex_npy, '.npy', 'number|complex'),
    array(look_at, flat_npy, '.npy', 'shape|channel|4096'),
    array(look_at, two_npz, '.npz', 'depth|single'),
]


def setting(tool, name: str, value: str, *words: str, extra='') -> Case:
    """An argument of the data set."""

    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        return tool(desk, config(desk, f'{name}={value}', extra))

    right = Refused((name, *words))
    title = f'{tool.__name__}: {name}={value}'
    return Case(KIND, title, f'{name}={value} of the data set', right, run)


SETTINGS = [
    *(
        setting(tool, 'depth_scale', value)
        for value in (
            '0',
            '-1',
            "float('nan')",
            "float('inf')",
            'None',
            "'x'",
            'True',
            '1e-320',
        )
        for tool in ((train, look_at) if value == "float('nan')" else (train,))
    ),
    setting(train, 'depth_encoding', "'x'", 'rotate3'),
    setting(train, 'invalid_values', "'x'"),
    *(
        setting(train, 'intrinsics', value)
        for value in (
            '(0, 50, 32, 32)',
            '(-50, 50, 32, 32)',
            '(50, 50, 32)',
            "(50, float('nan'), 32, 32)",
            "(50, 50, float('inf'), 32)",
        )
    ),
]
CAMERAS = {
    'skew': '50 7 32\n0 50 32\n0 0 1\n',
    'K[1,0]': '50 0 32\n9 50 32\n0 0 1\n',
    'nan': '50 0 nan\n0 50 32\n0 0 1\n',
    'inf': 'inf 0 32\n0 50 32\n0 0 1\n',
    'zero': '0 0 32\n0 50 32\n0 0 1\n',
    '3x4': '50 0 32 0\n0 50 32 0\n0 0 1 0\n',
    'turned': '50 0 0\n0 50 0\n32 32 1\n',
    'text': 'fx fy cx cy\n',
    'empty': '',
}


def camera(name: str, by: str) -> Case:
    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        (desk.folder / 'K.txt').write_text(CAMERAS[name])
        if by == 'train':
            return train(desk, config(desk, "intrinsics='K.txt'"))
        world = World(desk.world)
        return desk.tool(
            *('predict.py', world.config('depth10')),
            *(world.checkpoint('depth10'), desk.folder / 'rgb/0.png'),
            *('--out-dir', 'out', '--intrinsics', desk.folder / 'K.txt'),
        )

    right = Refused((r'K\.txt|intrinsics',))
    return Case(KIND, f'{by}: K.txt, {name}', CAMERAS[name], right, run)


GOOD = ''.join(f'rgb/{i}.png depth/{i}.png\n' for i in range(6))
# name -> (bytes of split.txt, what is right: () = as without).
SPLITS = {
    'byte-order mark': (GOOD.encode('utf-8-sig'), ()),
    'Windows line ends': (GOOD.replace('\n', '\r\n').encode(), ()),
    'no end of line': (GOOD.rstrip().encode(), ()),
    'empty lines': (GOOD.replace('\n', '\n\n').encode(), ()),
    'UTF-16': (GOOD.encode('utf-16'), ('either',)),
    'UTF-16 without a mark': (GOOD.encode('utf-16-le'), ('split.txt',)),
    'bytes': (bytes(range(256)) * 3, ('split.txt',)),
    'empty': (b'', ('split.txt', 'empty|no ')),
    'blank': (b'\n \n', ('split.txt', 'empty|no ')),
    'four columns': (GOOD.replace('\n', ' 1 2\n').encode(), ('split.txt',)),
    'no such image': (b'rgb/9.png depth/0.png\n', (r'9\.png',)),
    'no such depth': (b'rgb/1.png depth/9.png\n', (r'9\.png',)),
    'None in training': (b'rgb/1.png None\n', ('truth|None|depth',)),
}


def split(name: str) -> Case:
    data, words = SPLITS[name]
    either = words == ('either',)

    def run(desk: Desk) -> Run:
        write_depth(desk.folder)
        (desk.folder / 'split.txt').write_bytes(data)
        more = "ann_file='split.txt', data_prefix=dict(), "
        return train(desk, config(desk, more))

    right = Refused(words)
    if either or not words:
        right = Gives('trains', or_refused=('split.txt',) if either else None)
    return Case(KIND, f'train: split file, {name}', name, right, run)


CASES = [
    *ARRAYS,
    *SETTINGS,
    *(camera(name, by) for by in ('train', 'predict') for name in CAMERAS),
    *(split(name) for name in SPLITS),
]
