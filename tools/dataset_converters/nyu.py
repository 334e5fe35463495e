r"""Bring NYU-Depth-V2 into the layout of BTS and BinsFormer.

Training pairs come from BTS's archive (`sync.zip`, or the unpacked folder
`sync`; the link is in https://github.com/cleinc/bts), test pairs from the
labelled data set, `nyu_depth_v2_labeled.mat` of
https://cs.nyu.edu/~silberman/datasets/nyu_depth_v2.html, and `splits.mat`
(http://horatio.cs.nyu.edu/mit/silberman/indoor_seg_sup/splits.mat)::

    python tools/dataset_converters/nyu.py data/nyu --sync sync.zip \
        --train-list nyu_train.txt \
        --labelled nyu_depth_v2_labeled.mat --splits splits.mat

Either half can be made alone. The target gets

    SCENE/rgb_XXXXX.jpg          640x480
    SCENE/sync_depth_XXXXX.png   16-bit, millimetres, 0 = none
    nyu_train.txt, nyu_test.txt  `rgb depth focal` a line

From a folder the training files are linked (--copy: copied). The published
training list has 24,231 pairs (splits/nyu_train.txt of
https://github.com/zhyever/Monocular-Depth-Estimation-Toolbox); without
--train-list every pair of the archive is listed, about 36,000. The 654 test
pairs are as BTS makes them: raw depth, cut down to whole millimetres, and
images that are black outside of rows 7:474 and columns 7:632.

Files that are there are left alone, so a run that was stopped can be
repeated.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

from xnet_mm.arguments import out_folder
from xnet_mm.datasets.conversion.command_line import (
    add_job_options,
    convert_pairs,
    make_parser,
)
from xnet_mm.datasets.conversion.jobs import read_list, write_list
from xnet_mm.datasets.conversion.nyu_sources import (
    Labelled,
    Pair,
    SyncFolder,
    SyncZip,
    find_pairs,
    open_sync,
)
from xnet_mm.errors import clear_errors

FOCAL = '518.8579'  # pixels; in all published lists


def make_list(
    name: str,
    source: SyncFolder | SyncZip | Labelled,
    pairs: list[Pair],
    args: argparse.Namespace,
) -> None:
    """Convert pairs, then list those that are there."""
    converted = convert_pairs(
        lambda pair: source.convert(pair, args.target), pairs, name, args
    )
    rows = [(*pair, FOCAL) for pair in converted]
    write_list(args.target / name, rows)
    print(f'{args.target / name}: {len(rows)} pairs')


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument('target', type=out_folder, help='e.g. data/nyu')
    parser.add_argument('--sync', type=Path, help='sync.zip or its folder')
    parser.add_argument('--train-list', type=Path, metavar='LIST')
    parser.add_argument('--labelled', type=Path, metavar='MAT')
    parser.add_argument('--splits', type=Path, metavar='MAT')
    add_job_options(parser)
    args = parser.parse_args()
    if not args.sync and not args.labelled:
        parser.error('nothing to do: name --sync, --labelled or both')
    if bool(args.labelled) != bool(args.splits):
        parser.error('--labelled and --splits need each other')
    if args.train_list and not args.sync:
        parser.error('--train-list needs --sync')
    return args


@clear_errors
def main() -> None:
    """Make the training and the test half, as far as asked for."""
    args = parse_args()
    # All that can be wrong with the arguments, before hours of work.
    sync = args.sync and open_sync(args.sync, args.copy)
    labelled = args.labelled and Labelled(args.labelled, args.splits)
    if args.train_list:
        train = [Pair(*row[:2]) for row in read_list(args.train_list)]
    elif sync:
        train = find_pairs(sync.names)
    if sync:
        make_list('nyu_train.txt', sync, train, args)
    if labelled:
        make_list('nyu_test.txt', labelled, sorted(labelled.numbers), args)


if __name__ == '__main__':
    main()
