"""Label maps in other files that mean the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from campaign.case import Case, Gives, Run, check
from campaign.desk import Desk
from campaign.labels import KIND, data, read, test
from campaign.world import World, figures_of


def figures(
    name: str, made: str, change: Callable, more='', extra='', refuse=None
) -> Case:
    """Other files that mean the same: the figures are the same."""
    expected: dict = {}

    def run(desk: Desk) -> Run:
        path = data(desk, more, extra)
        for label in (desk.folder / 'labels').iterdir():
            change(label, read(label))
        expected.update(World(desk.world).figures('seg3'))
        return test(desk, path)

    def look(run: Run) -> None:
        found = figures_of(run)
        check(found == expected, f'{found}, not {expected}')

    right = Gives('the figures of the plain files', look, or_refused=refuse)
    return Case(KIND, f'same labels: {name}', made, right, run)


def void(value: int) -> Callable:
    def edit(path: Path, array: np.ndarray) -> None:
        array[array == 255] = value
        Image.fromarray(array).save(path)

    return edit


def with_palette(path: Path, array: np.ndarray) -> None:
    picture = Image.fromarray(array).convert('P')
    picture.putpalette(bytes(range(256)) * 3)
    picture.putdata(array.flatten().tolist())
    picture.save(path)


CASES = [
    figures('8 bits', 'as they are', lambda p, a: None),
    figures(
        '16 bits',
        'ids in 16 bits',
        lambda p, a: Image.fromarray(a.astype(np.uint16)).save(p),
    ),
    figures(
        'palette',
        'ids as indices of a palette',
        with_palette,
        refuse=('labels',),
    ),
    figures(
        'ignore_index=100',
        'void is 100, and the data set says so',
        void(100),
        'ignore_index=100',
        refuse=('ignore_index', '100'),
    ),
    figures(
        'ignore_index=200',
        'void is 200, and the data set says so',
        void(200),
        'ignore_index=200',
        refuse=('ignore_index', '200'),
    ),
]
