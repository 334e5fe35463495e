"""Label maps that the tools write: their ids and their names."""

import cv2
import numpy as np

from campaign.case import LOST, Case, Gives, Holds, Run, check
from campaign.desk import Desk
from campaign.labels import KIND, data, read, test, train


def zero_label(tool: str) -> Case:
    """0 is void, classes are 1..3: written ids are those of the files."""

    def run(desk: Desk) -> Run:
        load = "dict(type='xnet_mm.LoadLabels', reduce_zero_label=True)"
        extra = (
            'for loader in (train_dataloader, val_dataloader, '
            "test_dataloader):\n    loader['dataset']['pipeline'] = ["
            f"{load} if t['type'] == 'xnet_mm.LoadLabels' else t "
            "for t in loader['dataset']['pipeline']]\n"
        )
        path = data(desk, 'reduce_zero_label=True', extra, iters=20)
        for label in (desk.folder / 'labels').iterdir():
            array = read(label)
            array = np.where(array == 255, 0, array + 1).astype(np.uint8)
            cv2.imwrite(str(label), array)
        run = train(desk, path)
        check(run.code == 0, f'training: {run.message[-300:]}', LOST)
        file = desk.folder / 'work/iter_20.pth'
        images = desk.folder / 'images'
        if tool == 'test.py':
            run = desk.tool('test.py', path, file, '--out', 'out')
            out = desk.folder / 'out'
        elif tool == 'predict.py':
            run = desk.tool(
                'predict.py', path, file, images, '--out-dir', 'out'
            )
            out = desk.folder / 'out/labels'
        else:
            made = desk.tool(
                'export.py', path, file, 'a.onnx', '--size', '64x64'
            )
            check(made.code == 0, made.message[-300:], LOST)
            run = desk.tool(
                *('predict_exported.py', 'a.onnx', '--out-dir', 'out'),
                *sorted(images.iterdir()),
            )
            out = desk.folder / 'out/labels'
        check(run.code == 0, run.message[-300:], LOST)
        hits = []
        for i in range(6):
            found = read(next(out.rglob(f'{i}.png')))
            truth = read(desk.folder / f'labels/{i}.png')
            check(found.min() >= 1, f'{i}.png holds 0, which is void')
            hits.append((found == truth)[truth > 0].mean())
        check(np.mean(hits) > 0.5, f'{np.mean(hits):.0%} right: other ids')
        return run

    return Case(
        KIND,
        f'{tool}: reduce_zero_label',
        'classes are 1..3 in the files, 0 is void; trained, then predicted',
        Holds("the ids of the user's own files"),
        run,
    )


def unlabelled(more: tuple[str, ...], right) -> Case:
    def run(desk: Desk) -> Run:
        path = data(
            desk,
            extra=(
                "\ntest_dataloader['dataset']['data_prefix'] = "
                "dict(img_path='images')\n"
                "test_dataloader['dataset']['test_mode'] = True\n"
            ),
        )
        run = test(desk, path, *more)
        if more and run.code == 0:
            found = len([*(desk.folder / 'out').rglob('*.png')])
            check(found == 6, f'{found} label maps of 6 images', LOST)
        return run

    made = 'images without labels, ' + (' '.join(more) or 'no --out')
    return Case(KIND, f'test.py: {made}', made, right, run)


def many_names(name: str, files: dict[str, int], extra: str = '') -> Case:
    """test.py --out: as many files as images."""

    def run(desk: Desk) -> Run:
        path = data(desk, extra=extra)
        for folder in ('images', 'labels'):
            source = desk.folder / folder
            stock = [p.read_bytes() for p in sorted(source.iterdir())]
            for p in source.iterdir():
                p.unlink()
            for file, number in files.items():
                target = source / file
                if folder == 'labels':
                    target = target.with_suffix('.png')
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(stock[number])
        run = test(desk, path, '--out', 'out')
        check(run.code == 0, run.message[-300:], LOST)
        found = len([*(desk.folder / 'out').rglob('*.png')])
        check(
            found == len(files), f'{found} files of {len(files)} images', LOST
        )
        return run

    made = f'test.py --out, {", ".join(files)}'
    return Case(KIND, f'--out: {name}', made, Holds('a file an image'), run)


CONCAT = """
import copy as _copy
one = _copy.deepcopy(test_dataloader['dataset'])
two = _copy.deepcopy(test_dataloader['dataset'])
two['data_prefix'] = dict(img_path='images/x', seg_map_path='labels/x')
one['data_prefix'] = dict(img_path='images/y', seg_map_path='labels/y')
del _copy
test_dataloader['dataset'] = dict(type='ConcatDataset', datasets=[one, two])
"""


CASES = [
    *(zero_label(t) for t in ('test.py', 'predict.py', 'predict_exported.py')),
    unlabelled(('--out', 'out'), Gives('6 maps', or_refused=('label',))),
    unlabelled((), Gives('says so', or_refused=('label|truth',))),
    many_names('one name in two folders', {'x/0.png': 0, 'y/0.png': 1}),
    many_names(
        'four images in two folders',
        {'x/0.png': 0, 'x/1.png': 1, 'y/0.png': 2, 'y/1.png': 3},
    ),
    many_names('two data sets joined', {'x/0.png': 0, 'y/0.png': 1}, CONCAT),
]
