"""Generate rooms with exact semantic labels and exact metric depth.

python tools/make_scenes.py data/scenes
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from xnet_mm.arguments import out_folder, positive_int, seed, side, threads
from xnet_mm.datasets.scenes.dataset import write_scenes
from xnet_mm.errors import clear_errors


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=out_folder, help='folder of the data set')
    parser.add_argument('--num-train', type=positive_int, default=240)
    parser.add_argument('--num-val', type=positive_int, default=60)
    parser.add_argument(
        '--size', type=side, nargs=2, default=(320, 240), metavar=('W', 'H')
    )
    parser.add_argument('--seed', type=seed, default=0)
    parser.add_argument(
        '--workers', type=threads, help='threads (default: one a core)'
    )
    parser.add_argument(
        '--force',
        action='store_true',
        help='replace generated scenes with other parameters',
    )
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Write the data set, or say that it is there."""
    args = parse_args()
    start = time.time()
    written = write_scenes(
        args.root,
        num_train=args.num_train,
        num_val=args.num_val,
        size=tuple(args.size),
        seed=args.seed,
        workers=args.workers,
        force=args.force,
    )
    if written:
        number = args.num_train + args.num_val
        print(f'{args.root}: {number} scenes in {time.time() - start:.0f} s')
        print(f'Look at {args.root / "preview.jpg"}')
    else:
        print(f'{args.root}: already there with these parameters')


if __name__ == '__main__':
    main()
