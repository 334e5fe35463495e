"""What evaluate.py refuses by one sentence, and label maps."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from campaign import payloads
from campaign.case import Case, Gives, Refused, Right, Run, check
from campaign.desk import Desk
from campaign.judge import (
    KIND,
    LIST,
    PAIR,
    judge,
    pixel,
    scene,
    scenes,
    write,
)

IDS = ('--labels', '--classes', 'classes.txt')


def refused(
    name: str, made: str, edit: Callable[[Path], None], *words: str, args=PAIR
) -> Case:
    """An edit of the folder with p and t that is to be told."""

    def run(desk: Desk) -> Run:
        scenes(desk)
        edit(desk.folder)
        found = judge(desk, *args)
        check(not (desk.folder / 'evaluation').exists(), 'a card is there')
        return found

    return Case(KIND, name, made, Refused(words), run)


def spoilt(change: Callable) -> Callable:
    """As `one`, of which no figure is known."""

    def edit(folder: Path) -> None:
        write(folder / 'p/b.npy', change(scene(1)[0]))

    return edit


def a_list(text: str | bytes) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        (folder / 'list.txt').write_bytes(data)

    return edit


def bytes_of(content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / 'p/b.npy'
        path.write_bytes(content(path.read_bytes()))

    return edit


def instead(suffix: str, array: np.ndarray) -> Callable[[Path], None]:
    """A picture in the place of a prediction."""

    def edit(folder: Path) -> None:
        (folder / 'p/b.npy').unlink()
        cv2.imwrite(str(folder / f'p/b{suffix}'), array)

    return edit


def emptied(folder: Path) -> None:
    for path in (folder / 'p').iterdir():
        path.unlink()


def dangling(folder: Path) -> None:
    (folder / 'p/b.npy').unlink()
    (folder / 'p/b.npy').symlink_to('nowhere.npy')


def hostile(suffix: str) -> Case:
    def run(desk: Desk) -> Run:
        scenes(desk)
        (desk.folder / 'p/b.npy').unlink()
        path = desk.folder / f'p/b{suffix}'
        call = payloads.MECHANISMS['eval'](desk.marker)
        array = np.empty(1, object)
        array[0] = call
        if suffix == '.npy':
            np.save(path, array, allow_pickle=True)
        elif suffix == '.npz':
            np.savez(path, depth=array)
        else:
            path.write_bytes(pickle.dumps(call))
        return judge(desk, *PAIR)

    right = Refused((r'p/b\.', 'unreadable|read|decode'))
    return Case(KIND, f'pickle in {suffix}', 'a hostile object', right, run)


def labels(name: str, made: str, ids: np.ndarray, right: Right) -> Case:
    """Predicted ids against a truth of 0, 1, 255."""

    def run(desk: Desk) -> Run:
        for side, array in (
            ('p', ids),
            ('t', np.resize(np.uint8([0, 1, 255]), (6, 8))),
        ):
            path = desk.folder / side / 'a.png'
            path.parent.mkdir()
            cv2.imwrite(str(path), array)
        (desk.folder / 'classes.txt').write_text('road\ngrass\n')
        return judge(desk, 'p', 't', *IDS)

    return Case(KIND, f'labels: {name}', made, right, run)


CASES = [
    refused('NaN', 'one pixel', spoilt(pixel(np.nan)), r'p/b\.npy', 'NaN'),
    refused('infinity', 'one pixel', spoilt(pixel(np.inf)), r'p/b\.npy'),
    refused(
        'another size',
        'half as large',
        spoilt(lambda a: a[::2, ::2].copy()),
        *(r'p/b\.npy', '12x16', '24x32'),
    ),
    refused(
        'turned', 'columns by rows', spoilt(np.transpose), r'p/b', '32x24'
    ),
    refused('texts', 'no numbers', spoilt(lambda a: a.astype(str)), r'p/b'),
    refused('complex numbers', '', spoilt(lambda a: a + 1j), r'p/b\.npy'),
    refused(
        'three channels',
        '(24, 32, 3)',
        spoilt(lambda a: np.dstack([a] * 3)),
        *(r'p/b\.npy', 'channel|shape|axes|map'),
    ),
    refused(
        '8 bits',
        'a grey picture',
        instead('.png', np.full((24, 32), 7, np.uint8)),
        *(r'p/b\.png', '8-bit'),
    ),
    refused(
        'a coloured picture',
        'depth as colours',
        instead('.png', np.full((24, 32, 3), 7, np.uint8)),
        *(r'p/b\.png', 'channel|8-bit'),
    ),
    refused(
        'a prediction is missing',
        'b is gone',
        lambda folder: (folder / 'p/b.npy').unlink(),
        *(r't/b\.npy', 'no prediction', '--allow-missing'),
    ),
    refused(
        'a prediction too many',
        'd has no truth',
        lambda folder: write(folder / 'p/d.npy', scene(3)[0]),
        *(r'p/d\.npy', 'no truth'),
    ),
    refused(
        'two of one name',
        'b.npy and b.tif',
        lambda folder: write(folder / 'p/b.tif', scene(3)[0]),
        *(r'b\.npy', r'b\.tif', 'both'),
    ),
    refused('no file at all', 'an empty folder', emptied, r'\bp: no file'),
    refused('a link to nothing', 'b', dangling, r'p/b\.npy', 'no such'),
    refused(
        'a map cut short',
        'half of b',
        bytes_of(lambda data: data[: len(data) // 2]),
        *(r'p/b\.npy', 'unreadable'),
    ),
    refused('an empty file', 'b', bytes_of(lambda _: b''), r'p/b\.npy'),
    refused(
        'a header that claims too much',
        'b says 60000 x 60000',
        bytes_of(lambda data: data.replace(b'(24, 32)', b'(60000, 60000)')),
        r'p/b\.npy',
    ),
    refused('an empty list', '', a_list(''), 'list is empty', args=LIST),
    refused(
        'a list of zeros',
        '',
        a_list(b'\0\xff\0' * 99),
        r'list\.txt',
        args=LIST,
    ),
    refused(
        'a list with a name twice',
        'a, a',
        a_list('p/a.npy\np/a.npy\n'),
        *('both called', r'p/a\.npy'),
        args=LIST,
    ),
    refused(
        'a list of what is not there',
        'p/z.npy',
        a_list('p/a.npy\np/b.npy\np/z.npy\n'),
        r'z',
        args=LIST,
    ),
    refused('no folder', '', os.listdir, 'x: no such', args=('x', *PAIR[1:])),
    refused(
        'KITTI, zeros, no clamp',
        'a prediction of 0 that counts',
        spoilt(lambda a: a * 0),
        *(r'p/b\.npy', '0 or negative'),
        args=('p', 't', '--protocol', 'kitti_official'),
    ),
    refused(
        'a protocol for other sizes',
        'nyu_eigen of 24x32',
        os.listdir,
        *('480x640', '24x32'),
        args=('p', 't', '--protocol', 'nyu_eigen'),
    ),
    *map(hostile, ('.npy', '.npz', '.png')),
    labels(
        'an id too many',
        'a 2 of two classes',
        np.full((6, 8), 2, np.uint8),
        Refused((r'p/a\.png', 'id 2')),
    ),
    labels(
        'another size',
        '6x9',
        np.zeros((6, 9), np.uint8),
        Refused((r'p/a\.png', '6x9|9')),
    ),
    labels(
        'right',
        'ids of the truth, road where it is void',
        np.resize(np.uint8([0, 1, 0]), (6, 8)),
        Gives('figures', lambda run: check('100.0' in run.text, 'not 100')),
    ),
]
