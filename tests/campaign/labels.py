"""Label maps that are wrong, odd, or mean something else."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tiny
from PIL import Image

from campaign.case import Case, Gives, Refused, Run
from campaign.desk import Desk
from campaign.world import SIZE, World

KIND = 'labels'
FOLDER = """
for loader in (train_dataloader, val_dataloader, test_dataloader):
    loader['dataset']['type'] = 'xnet_mm.FolderSegDataset'
    loader['dataset'].update({more})
"""
BAD_FILE = r'labels/2\.\w+'


def data(desk: Desk, more: str = '', extra: str = '', **options) -> Path:
    """A data set of its own, and a config of it that looks at the files."""
    tiny.write_tiny_seg(desk.folder, size=SIZE)
    return config(desk, more, extra, **options)


def config(desk: Desk, more: str = '', extra: str = '', **options) -> Path:
    return World(desk.world).write_config(
        'seg3',
        desk.folder / 'c.py',
        data=desk.folder,
        extra=FOLDER.format(more=more) + extra,
        **options,
    )


def train(desk: Desk, path: Path, *more) -> Run:
    return desk.tool('train.py', path, '--work-dir', 'work', *more)


def test(desk: Desk, path: Path, *more) -> Run:
    checkpoint = World(desk.world).checkpoint('seg3')
    words = ('test.py', path, checkpoint, '--work-dir', 'work-test')
    return desk.tool(*words, *more)


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def wrong(name: str, made: str, edit: Callable, *words: str) -> Case:
    """One label map out of six is edited: `edit(path, array)`."""

    def run(desk: Desk) -> Run:
        path = data(desk)
        label = desk.folder / 'labels/2.png'
        edit(label, read(label))
        return train(desk, path)

    right = Refused((BAD_FILE, *words))
    return Case(KIND, f'one label: {name}', made, right, run)


def with_id(value: int, dtype=np.uint8, **options) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        array = array.astype(dtype)
        array[5:9, 5:9] = value
        Image.fromarray(array).save(path, **options)

    return edit


def as_mode(mode: str, **options) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        Image.fromarray(array).convert(mode).save(path, **options)

    return edit


def as_bytes(change: Callable[[bytes], bytes]) -> Callable:
    def edit(path: Path, _array: np.ndarray) -> None:
        path.write_bytes(change(path.read_bytes()))

    return edit


def resized(size: tuple[int, int]) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        cv2.imwrite(str(path), cv2.resize(array, size, interpolation=0))

    return edit


ONE = [
    *(
        wrong(
            f'id {v} in 16 bits',
            f'{v} (8 bits: {v % 256})',
            with_id(v, np.uint16),
            str(v),
        )
        for v in (256, 257, 299, 511, 512, 1000, 65535)
    ),
    *(
        wrong(f'id {v}', f'{v} of classes 0..2', with_id(v), str(v))
        for v in (3, 4, 127, 254)
    ),
    wrong(
        'id -1',
        '32-bit, -1',
        with_id(-1, np.int32, format='TIFF'),
        r'-1|\d{5}|unread|read',
    ),
    wrong('RGB', 'a coloured picture', as_mode('RGB'), 'RGB|channel'),
    wrong('RGBA', 'with alpha', as_mode('RGBA'), 'RGBA|channel'),
    wrong('grey and alpha', 'LA', as_mode('LA'), 'LA|channel'),
    wrong('JPEG', 'a JPEG named .png', as_mode('L', format='JPEG'), 'JPEG'),
    wrong('half as large', '32x32', resized((32, 32)), '32'),
    wrong('turned', '64x60', resized((60, 64)), '60'),
    wrong('empty', 'no bytes', as_bytes(lambda b: b''), 'read|damaged|empty'),
    wrong(
        'cut',
        'half a PNG',
        as_bytes(lambda b: b[: len(b) // 2]),
        'read|damaged|cut|trunc',
    ),
    wrong(
        'text',
        'no picture',
        as_bytes(lambda b: b'a,b\n'),
        'read|damaged|identify',
    ),
    wrong('missing', 'the file is gone', lambda p, a: p.unlink(), 'no such'),
    wrong(
        'dangling link',
        'a link to nothing',
        lambda p, a: (p.unlink(), p.symlink_to('nowhere')),
        'no such|link',
    ),
]


def whole(
    name: str, made: str, change: Callable, right, more='', extra='', **options
) -> Case:
    """Every label map is changed; the config with it."""

    def run(desk: Desk) -> Run:
        path = data(desk, more, extra, **options)
        for label in (desk.folder / 'labels').iterdir():
            array = change(read(label))
            label.unlink()
            Image.fromarray(array).save(label.with_suffix('.png'))
        return train(desk, path)

    return Case(KIND, f'all labels: {name}', made, right, run)


def _two(array: np.ndarray) -> np.ndarray:
    return np.where(array == 255, 255, array > 0).astype(np.uint8)


def _mask(array: np.ndarray) -> np.ndarray:
    return np.where(array == 1, 255, 0).astype(np.uint8)


CLASSES = 'metainfo=dict(classes={!r}, palette={!r})'


def named(count: int) -> str:
    classes = [f'c{i}' for i in range(count)]
    return CLASSES.format(classes, tiny.PALETTE[:count])


ALL = [
    whole(
        'ignored',
        'every pixel is 255',
        lambda a: np.full_like(a, 255),
        Refused(('labels|data set|where|images', 'ignore|255')),
    ),
    whole(
        '0 and 255 for two classes',
        'a binary mask of 0 and 255',
        _mask,
        Refused(('255', '0 and 1|ignore|learn')),
        named(2),
        num_classes=2,
    ),
    whole(
        'one class',
        'one class, num_classes=1, softmax',
        lambda a: np.where(a == 255, a, 0),
        Refused(('num_classes|one class', '1|softmax|two')),
        named(1),
        num_classes=1,
    ),
    whole(
        '0 and 1 for one class',
        'masks of 0 and 1, a single class',
        _two,
        Refused(('class', 'two|2|1')),
        named(1),
        num_classes=1,
    ),
    whole(
        'class 0 alone',
        'every pixel is class 0',
        np.zeros_like,
        Gives('trains or refuses', or_refused=('0|class',)),
    ),
    whole(
        'more classes than 8 bits hold',
        '300 classes, ids to 299',
        lambda a: np.where(a == 255, 255, a.astype(np.uint16) + 297),
        Refused(('299|8 bit|256|255|label', 'id|class')),
        "metainfo=dict(classes=[f'c{i}' for i in range(300)], "
        'palette=[[i % 256, 0, 0] for i in range(300)])',
        num_classes=300,
    ),
    whole(
        'two of three classes',
        '2 classes named, ids 0..2',
        lambda a: a,
        Refused(('2', 'class')),
        named(2),
        num_classes=2,
    ),
    whole(
        'head of two',
        '3 classes named, num_classes=2',
        lambda a: a,
        Refused(('num_classes', '2', '3')),
        named(3),
        num_classes=2,
    ),
    whole(
        'head of four',
        '3 classes named, num_classes=4',
        lambda a: a,
        Refused(('num_classes', '4', '3')),
        named(3),
        num_classes=4,
    ),
]


CASES = [
    *ONE,
    *ALL,
]
