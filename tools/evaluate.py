"""Judge the depth or label maps of any program against the truth.

python tools/evaluate.py PREDICTIONS TRUTH --protocol nyu_eigen
python tools/evaluate.py PREDICTIONS TRUTH --labels --classes classes.txt

Both are folders whose files pair by name, or lists with a path a line; a
list with lines `prediction truth` needs no other. Prints the figures, and
writes a card (JSON), a row an image (CSV) and pictures.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from xnet_mm.arguments import (
    config_file,
    depth_scale,
    label_id,
    metres,
    natural,
    out_folder,
    threads,
)
from xnet_mm.datasets.depth_io import ENCODINGS
from xnet_mm.errors import clear_errors
from xnet_mm.evaluation.depth_protocols import PROTOCOLS, find_protocol
from xnet_mm.judge.depth import evaluate_depth
from xnet_mm.judge.depth_files import usual_units
from xnet_mm.judge.files import Files
from xnet_mm.judge.label_space import find_label_space
from xnet_mm.judge.labels import evaluate_labels
from xnet_mm.judge.spaces import SPACES

DEPTH_ONLY = (
    *('protocol', 'min_depth', 'max_depth', 'crop', 'no_clamp'),
    *('prediction_scale', 'prediction_space'),
    *('truth_scale', 'truth_encoding'),
)
LABELS_ONLY = ('classes', 'ignore_index', 'reduce_zero_label')


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('predictions', type=Path, help='folder or list')
    parser.add_argument(
        'truth', type=Path, nargs='?', help='folder or list, see above'
    )
    parser.add_argument(
        '--out',
        type=out_folder,
        default='evaluation',
        help='folder of what is written (default: %(default)s)',
    )
    parser.add_argument(
        '--allow-missing',
        action='store_true',
        help='leave out, and list, what has no partner or cannot be judged',
    )
    for side in ('prediction', 'truth'):
        parser.add_argument(
            f'--{side}-root',
            type=Path,
            help=f"folder where the paths of the {side}s' list begin "
            '(default: that of the list)',
        )
    parser.add_argument(
        '--workers', type=threads, help='threads (default: one a core)'
    )
    depth = parser.add_argument_group('depth')
    depth.add_argument(
        '--protocol',
        choices=[*PROTOCOLS, 'custom'],
        help='which pixels count, and which figures are given',
    )
    for side in ('prediction', 'truth'):
        depth.add_argument(
            f'--{side}-scale',
            type=depth_scale,
            help='file units per metre (default: 1 in files of floats, 1000 '
            'in files of integers, 256 there for the protocols of KITTI)',
        )
    depth.add_argument(
        '--prediction-space',
        choices=SPACES,
        help='what the predictions hold: depth (default); inverse_depth, in '
        '1/m (or --prediction-scale units per 1/m: focal length x baseline '
        'for stereo disparities in pixels); disparity, inverse depth of '
        'unknown scale and shift, as MiDaS and Depth Anything predict it, '
        'which has aligned figures only',
    )
    depth.add_argument(
        '--truth-encoding',
        choices=ENCODINGS,
        help="rotate3: SUN RGB-D's own files, turned left by three bits",
    )
    depth.add_argument(
        '--min-depth', type=metres, help='custom: truth counts above, metres'
    )
    depth.add_argument(
        '--max-depth', type=metres, help='custom: truth counts below, metres'
    )
    depth.add_argument(
        '--crop',
        type=natural,
        nargs=4,
        metavar=('TOP', 'BOTTOM', 'LEFT', 'RIGHT'),
        help='custom: rows and columns that count, the ends excluded',
    )
    depth.add_argument(
        '--no-clamp',
        action='store_true',
        help='custom: do not clamp predictions to that range',
    )
    labels = parser.add_argument_group('labels')
    labels.add_argument(
        '--labels',
        action='store_true',
        help='the maps hold class ids, and not depth',
    )
    labels.add_argument(
        '--classes',
        type=config_file,
        help='a text file with a name a line, a config, or the name of a '
        'data set (cityscapes, ADE20KDataset)',
    )
    labels.add_argument(
        '--ignore-index',
        type=label_id,
        help='id in the truth of pixels that do not count (default: 255)',
    )
    labels.add_argument(
        '--reduce-zero-label',
        action='store_true',
        help='the ids of the files begin at 1, and 0 does not count '
        '(a config or a data set says so by itself)',
    )
    args = parser.parse_args()
    others = DEPTH_ONLY if args.labels else LABELS_ONLY
    for name in others:
        value = getattr(args, name)
        if value is not None and value is not False:
            option = f'--{name.replace("_", "-")}'
            kind = 'depth' if args.labels else 'label maps, --labels'
            parser.error(f'{option} is for {kind}')
    if args.labels and not args.classes:
        parser.error('--labels needs --classes: FILE, CONFIG or DATA SET')
    if not args.labels and not args.protocol:
        parser.error('--protocol is needed for depth, --labels for classes')
    if args.prediction_space == 'disparity' and args.prediction_scale:
        parser.error(
            '--prediction-scale: a disparity has no known scale; for one in '
            'known units give --prediction-space inverse_depth'
        )
    return args


def judge_depth(args: Namespace, files: Files) -> None:
    """Depth maps, in metres or other units."""
    options = dict(
        min_depth=args.min_depth,
        max_depth=args.max_depth,
        crop=args.crop,
        clamp=False if args.no_clamp else None,
    )
    protocol = find_protocol(args.protocol, None, options)
    predictions, truth = usual_units(protocol.name)
    encoding = args.truth_encoding or truth.encoding
    evaluate_depth(
        files,
        protocol,
        replace(
            predictions,
            scale=args.prediction_scale,
            space=args.prediction_space or 'depth',
        ),
        replace(truth, scale=args.truth_scale, encoding=encoding),
    )


def judge_labels(args: Namespace, files: Files) -> None:
    """Label maps, of class ids."""
    space = find_label_space(
        args.classes, args.ignore_index, args.reduce_zero_label
    )
    evaluate_labels(files, space)


@clear_errors
def main() -> None:
    """Print the figures; status 1 if a file is wrong or has no partner."""
    args = parse_args()
    files = Files(
        args.predictions,
        args.truth,
        Path(args.out),
        args.prediction_root,
        args.truth_root,
        args.allow_missing,
        args.workers,
    )
    if args.labels:
        judge_labels(args, files)
    else:
        judge_depth(args, files)


if __name__ == '__main__':
    main()
