"""From a folder of pictures to a model: python tools/fit.py DATA.

DATA holds images and their label maps, or images and their depth maps, in
one of the usual layouts. What it holds is found out and said; a config is
written that a person can read and edit; then it is trained, tested, exported
and reported. A call that was stopped goes on when it is called again.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from rich.console import Console

from xnet_mm.arguments import depth_scale, minutes, out_folder
from xnet_mm.errors import STOPPED, clear_errors
from xnet_mm.fit import StoppedError, fit


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('data', type=Path, help='folder of pictures')
    parser.add_argument(
        '--out',
        type=out_folder,
        help='folder of the results (default: work_dirs/NAME OF DATA)',
    )
    parser.add_argument(
        '--minutes',
        type=minutes,
        default=10.0,
        help='for all of it (default: %(default)g)',
    )
    parser.add_argument(
        '--task',
        choices=('segmentation', 'depth'),
        help='where DATA has labels and depth maps',
    )
    parser.add_argument(
        '--depth-scale',
        type=depth_scale,
        help='file units per metre, where they are not what is guessed',
    )
    args = parser.parse_args()
    if args.out is None:
        args.out = Path('work_dirs') / args.data.resolve().name
    return args


@clear_errors
def main() -> None:
    """Understand, train, report; status 75 where it was stopped."""
    args = parse_args()
    options = dict(task=args.task, depth_scale=args.depth_scale)
    console = Console()
    try:
        fit(args.data, args.out, args.minutes, console, options)
    except StoppedError:
        console.print('Stopped. The same command again goes on.')
        sys.exit(STOPPED)


if __name__ == '__main__':
    main()
