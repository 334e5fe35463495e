r"""Bring KITTI into the layout of the depth benchmarks and list the pairs.

Get the raw data, `data_depth_annotated` and `data_depth_selection` from
https://www.cvlibs.net/datasets/kitti (CC BY-NC-SA 3.0), and the lists of the
Eigen split from https://github.com/zhyever/Monocular-Depth-Estimation-Toolbox
(splits/kitti_eigen_*.txt) or https://github.com/cleinc/bts::

    python tools/dataset_converters/kitti.py data/kitti --raw kitti_raw \
        --annotated data_depth_annotated \
        --eigen-train kitti_eigen_train.txt \
        --eigen-test kitti_eigen_test.txt \
        --selection depth_selection --official-train

The target gets links to (--copy: copies of) the files that are listed, and
what was asked for of

    input/DATE/DRIVE/image_02/data/N.png
    gt_depth/DRIVE/proj_depth/groundtruth/image_02/N.png
    kitti_eigen_train.txt, kitti_eigen_test.txt      `rgb depth focal`
    kitti_official_train.txt     all annotated training images, 02 and 03
    depth_selection/...          of the benchmark: val and anonymous test
    kitti_official_val.txt, kitti_official_test.txt  relative to the target

where the lists of the training drives leave out `input/` and `gt_depth/`.
Published: 23,158 training pairs; 697 test images, 652 of them with ground
truth (the others have `None`); 1,000 and 500 images of the selection.

Files that are there are left alone, so a run that was stopped can be
repeated.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

from xnet_mm.arguments import out_folder
from xnet_mm.datasets.conversion.command_line import (
    add_job_options,
    convert_pairs,
    make_parser,
)
from xnet_mm.datasets.conversion.jobs import (
    check_pair,
    place,
    read_list,
    write_list,
)
from xnet_mm.datasets.kitti import truth_of_selection
from xnet_mm.datasets.split_file import NO_TRUTH
from xnet_mm.errors import clear_errors

VAL = Path('depth_selection/val_selection_cropped')
TEST = Path('depth_selection/test_depth_prediction_anonymous')


class Pair(NamedTuple):
    """An image and its depth map: where they are, where they shall be."""

    row: tuple[str, ...]  # of the list
    rgb: Path
    depth: Path | None
    rgb_target: Path
    depth_target: Path | None


def drive_pair(row: list[str], raw: Path, annotated: Path) -> Pair:
    """A line of a list of drives; targets are relative to the layout."""
    rgb, depth = row[:2]
    if depth == NO_TRUTH:
        found = target = None
    else:
        target = Path('gt_depth', depth)
        parts = [annotated / part / depth for part in ('train', 'val')]
        found = next((p for p in parts if p.is_file()), parts[0])
    return Pair(tuple(row), raw / rgb, found, Path('input', rgb), target)


def eigen(path: Path, args: argparse.Namespace) -> list[Pair]:
    """A list of the Eigen split.

    Raises:
        ValueError: not a list.
    """
    return [
        drive_pair(row, args.raw, args.annotated) for row in read_list(path)
    ]


def official_train(args: argparse.Namespace) -> list[Pair]:
    """Every annotated image of the benchmark's training drives.

    Raises:
        ValueError: there are none.
    """
    folder = args.annotated / 'train'
    depths = sorted(folder.glob('*/proj_depth/groundtruth/image_0?/*.png'))
    if not depths:
        raise ValueError(
            f'{folder}: no DRIVE/proj_depth/groundtruth/image_02/*.png; '
            '--annotated is the folder that holds train/ and val/ of '
            'data_depth_annotated'
        )
    pairs = []
    for path in depths:
        depth = path.relative_to(folder)
        drive, camera = depth.parts[0], depth.parts[3]
        date = drive[:10]  # 2011_09_26_drive_0001_sync
        rgb = f'{date}/{drive}/{camera}/data/{path.name}'
        row = [rgb, depth.as_posix()]
        pairs.append(drive_pair(row, args.raw, args.annotated))
    return pairs


def selection(
    folder: Path, part: Path, depth_name: Callable[[str], str] | None
) -> list[Pair]:
    """The images of one part of `depth_selection`.

    Raises:
        ValueError: there are none.
    """
    images = sorted((folder / part.name / 'image').glob('*.png'))
    if not images:
        raise ValueError(
            f'{folder / part.name}: no image/*.png; --selection is the '
            f'folder that holds {VAL.name} and {TEST.name}'
        )
    pairs = []
    for image in images:
        rgb_target, depth, target = part / 'image' / image.name, None, None
        if depth_name:
            name = depth_name(image.name)
            depth = folder / part.name / 'groundtruth_depth' / name
            target = part / 'groundtruth_depth' / name
        row = (
            rgb_target.as_posix(),
            target.as_posix() if target else NO_TRUTH,
        )
        pairs.append(Pair(row, image, depth, rgb_target, target))
    return pairs


def convert(pair: Pair, target: Path, copy: bool) -> bool:
    """Put a pair into the layout; returns whether it was not there.

    Raises:
        OSError, ValueError: a file is missing or broken.
    """
    files = [(pair.rgb, target / pair.rgb_target)]
    if pair.depth and pair.depth_target:
        files.append((pair.depth, target / pair.depth_target))
    if all(path.exists() for _, path in files):
        return False
    check_pair(pair.rgb, pair.depth)
    for source, path in files:
        place(source, path, copy)
    return True


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument('target', type=out_folder, help='e.g. data/kitti')
    parser.add_argument('--raw', type=Path, help='holds 2011_09_26/, ...')
    parser.add_argument('--annotated', type=Path, help='holds train/, val/')
    parser.add_argument('--eigen-train', type=Path, metavar='LIST')
    parser.add_argument('--eigen-test', type=Path, metavar='LIST')
    parser.add_argument('--official-train', action='store_true')
    parser.add_argument('--selection', type=Path, help='depth_selection/')
    add_job_options(parser)
    args = parser.parse_args()
    drives = args.eigen_train or args.eigen_test or args.official_train
    if not drives and not args.selection:
        parser.error(
            'nothing to do: name --eigen-train, --eigen-test, '
            '--official-train or --selection'
        )
    if drives and not (args.raw and args.annotated):
        parser.error('these lists need --raw and --annotated')
    return args


def collect(args: argparse.Namespace) -> dict[str, list[Pair]]:
    """The pairs of each list that was asked for.

    Raises:
        ValueError: a list or a folder is not what it should be.
    """
    lists = {}
    if args.eigen_train:
        lists['kitti_eigen_train.txt'] = eigen(args.eigen_train, args)
    if args.eigen_test:
        lists['kitti_eigen_test.txt'] = eigen(args.eigen_test, args)
    if args.official_train:
        lists['kitti_official_train.txt'] = official_train(args)
    if args.selection:
        lists['kitti_official_val.txt'] = selection(
            args.selection, VAL, truth_of_selection
        )
        lists['kitti_official_test.txt'] = selection(
            args.selection, TEST, None
        )
    return lists


@clear_errors
def main() -> None:
    """Place the files, then write the lists."""
    args = parse_args()
    lists = collect(args)
    # The lists overlap. An image is placed once, and its depth map with it
    # if any list has one.
    listed = [pair for pairs in lists.values() for pair in pairs]
    listed.sort(key=lambda pair: pair.depth is not None)
    pairs = {pair.rgb: pair for pair in listed}
    converted = convert_pairs(
        lambda pair: convert(pair, args.target, args.copy),
        list(pairs.values()),
        'KITTI',
        args,
    )
    done = {pair.rgb for pair in converted}
    for name, listed in lists.items():
        rows = [pair.row for pair in listed if pair.rgb in done]
        write_list(args.target / name, rows)
        labelled = sum(row[1] != NO_TRUTH for row in rows)
        print(
            f'{args.target / name}: {len(rows)} images, {labelled} with '
            'ground truth'
        )


if __name__ == '__main__':
    main()
