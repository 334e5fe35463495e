"""List the 5,050 test pairs of SUN RGB-D, for models trained on NYU.

Get SUNRGBD.zip from https://rgbd.cs.princeton.edu, unpack it into ROOT, and
get the test split: `allsplit.mat` of SUNRGBDtoolbox.zip
(traintestSUNRGBD/allsplit.mat), or the list of BinsFormer's code
(splits/SUNRGBD_val_splits.txt of
https://github.com/zhyever/Monocular-Depth-Estimation-Toolbox)::

    python tools/dataset_converters/sunrgbd.py data/sunrgbd allsplit.mat

It reads every pair and writes ROOT/SUNRGBD_val_splits.txt, `rgb depth` a
line, relative to ROOT. Depth is that of the sensor, `depth/`, not the filled
one, `depth_bfx/`. Published: kv2 1,860, xtion 1,688, kv1 930 and realsense
572 images, 654 of those of kv1 from NYU-Depth-V2 (`NYUdata`).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

from scipy.io import loadmat

from xnet_mm.arguments import out_folder
from xnet_mm.datasets.conversion.command_line import (
    add_job_options,
    make_parser,
    report_broken,
)
from xnet_mm.datasets.conversion.jobs import check_pair, read_list, write_list
from xnet_mm.datasets.threads import run_jobs
from xnet_mm.errors import clear_errors
from xnet_mm.evaluation.depth_protocols import SUN_FROM_NYU

NAME = 'SUNRGBD_val_splits.txt'
TOP = 'SUNRGBD'
DEPTH_FOLDER = 'depth'

Row = tuple[str, str]


def scenes_of_mat(path: Path) -> list[str]:
    """Folders of the test images, relative to the data set's root.

    Raises:
        ValueError: not the toolbox's file.
    """
    try:
        cells = loadmat(path, simplify_cells=True)['alltest']
    except Exception as error:  # scipy raises of many kinds
        raise ValueError(
            f'{path}: not the allsplit.mat with `alltest` ({error})'
        ) from None
    # /n/fs/sun3d/data/SUNRGBD/kv2/...: a folder of the authors' machine.
    folders = [
        str(cell).rstrip('/').partition(f'/{TOP}/')[2] for cell in cells
    ]
    if not all(folders):
        raise ValueError(f'{path}: a path without /{TOP}/ in `alltest`')
    return [f'{TOP}/{folder}' for folder in folders]


def pair_in(scene: str, root: Path) -> Row:
    """The image and the depth map in the folder of a scene.

    Raises:
        ValueError: there is not one of each.
    """

    def only(pattern: str) -> str:
        found = list((root / scene).glob(pattern))
        if len(found) != 1:
            raise ValueError(
                f'{root / scene}: wanted one {pattern}, found {len(found)}'
            )
        return found[0].relative_to(root).as_posix()

    return only('image/*.jpg'), only(f'{DEPTH_FOLDER}/*.png')


def check(entry: str | Row, root: Path) -> Row:
    """Read a pair, given by its scene's folder or its two files.

    Raises:
        OSError, ValueError: missing, broken, or not the sensor's depth.
    """
    rgb, depth = pair_in(entry, root) if isinstance(entry, str) else entry
    if Path(depth).parent.name != DEPTH_FOLDER:
        raise ValueError(
            f'{depth}: wanted a file in the folder {DEPTH_FOLDER}/'
        )
    check_pair(root / rgb, root / depth, 'rotate3')
    return rgb, depth


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument('root', type=out_folder, help=f'holds {TOP}/')
    parser.add_argument('split', type=Path, help='allsplit.mat or the list')
    add_job_options(parser, places_files=False)
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Read every pair, then list and count them."""
    args = parse_args()
    entries: Sequence[str | Row]
    if args.split.suffix == '.mat':
        entries = scenes_of_mat(args.split)
    else:
        entries = [(row[0], row[1]) for row in read_list(args.split)]
    results = run_jobs(
        lambda entry: check(entry, args.root),
        entries,
        'SUN RGB-D',
        args.workers,
    )
    report_broken(results, args.skip_broken)
    rows = [row for row in results if not isinstance(row, str)]
    write_list(args.root / NAME, rows)
    sensors = Counter(rgb.split('/')[1] for rgb, _ in rows)
    counts = ', '.join(f'{s} {n}' for s, n in sensors.most_common())
    nyu = sum(f'/{SUN_FROM_NYU}/' in rgb for rgb, _ in rows)
    print(f'{args.root / NAME}: {len(rows)} pairs ({counts}); {nyu} of NYU')


if __name__ == '__main__':
    main()
