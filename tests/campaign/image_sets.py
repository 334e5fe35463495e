"""Data sets of odd images."""

from collections.abc import Callable

import numpy as np
import tiny
from PIL import Image

from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.images import KIND, scene
from campaign.pictures import READABLE, UNREADABLE
from campaign.world import World, figures_of


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
