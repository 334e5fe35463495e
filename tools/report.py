"""Write a page about a trained run: python tools/report.py RUN [--out FILE].

RUN is the folder of a training (its --work-dir): config, checkpoint, logs.
The validation data go through the model once; the page (one HTML file that
needs no network) has the figures, the learning curves, the worst images and
how it was made. A picture to share lies beside it.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from mmengine.device import get_device

from xnet_mm.arguments import out_file
from xnet_mm.errors import clear_errors
from xnet_mm.fast.allocator import keep_large_tensors
from xnet_mm.report import write_report

PAGE = 'report.html'


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('run', type=Path, help='folder of a training')
    parser.add_argument(
        '--out', type=out_file, help=f'the page (default: RUN/{PAGE})'
    )
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Print where the page is."""
    args = parse_args()
    keep_large_tensors(get_device())
    print(write_report(args.run, args.out or args.run / PAGE))


if __name__ == '__main__':
    main()
