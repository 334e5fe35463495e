"""Generate rooms with exact semantic labels and exact metric depth.

python tools/make_scenes.py data/scenes
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=Path, help='folder of the data set')
    parser.add_argument('--num-train', type=int, default=240)
    parser.add_argument('--num-val', type=int, default=60)
    parser.add_argument(
        '--size', type=int, nargs=2, default=(320, 240), metavar=('W', 'H')
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--workers', type=int, help='threads (default: one a core)'
    )
    parser.add_argument(
        '--force',
        action='store_true',
        help='replace generated scenes with other parameters',
    )
    args = parser.parse_args()
    if args.num_train < 1 or args.num_val < 1 or min(args.size) < 16:
        parser.error('wanted 1 picture or more a split, 16 pixels or more')
    return args


def main() -> None:
    """Write the data set, or say that it is there."""
    args = parse_args()
    from xnet_mm.datasets.scenes.dataset import write_scenes

    start = time.time()
    try:
        written = write_scenes(
            args.root,
            num_train=args.num_train,
            num_val=args.num_val,
            size=tuple(args.size),
            seed=args.seed,
            workers=args.workers,
            force=args.force,
        )
    except FileExistsError as error:
        sys.exit(f'make_scenes.py: {error}')
    if written:
        number = args.num_train + args.num_val
        print(f'{args.root}: {number} scenes in {time.time() - start:.0f} s')
        print(f'Look at {args.root / "preview.jpg"}')
    else:
        print(f'{args.root}: already there with these parameters')


if __name__ == '__main__':
    main()
