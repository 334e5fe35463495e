"""Export a trained model: python tools/export.py CONFIG CHECKPOINT OUT.

OUT ends in .onnx (standard operators, for onnxruntime) or .pt2 (AOTInductor,
for PyTorch or C++ on this kind of machine; needs a C++ compiler). The file
takes RGB images of 0 to 255 as float32 (B,3,H,W), 'image', and gives logits
(B,K,H,W) or metres (B,1,H,W), 'prediction', of the same height and width:
normalisation is inside. It is kept only if its results are those of PyTorch,
within 1e-4 of the largest value. tools/predict_exported.py runs an .onnx file.

--int8 FOLDER, of images like those to come (training images, say), makes an
.onnx file of 8 bits: ranges are measured on at most 100 of them, and mIoU or
AbsRel of 8 bits and of float32, by the config's validation, are printed beside
each other. It is kept only if it loses no more than --int8-loss.
"""

import sys
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from xnet_mm.arguments import (
    accuracy_loss,
    config_file,
    device,
    image_size,
    out_file,
    positive_int,
)
from xnet_mm.engine.launch import crop_size, existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.export import (
    Judged,
    Validation,
    describe,
    export_aoti,
    export_int8,
    export_onnx,
)
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.prediction.inputs import named_images
from xnet_mm.prediction.predictor import Predictor

MOST_IMAGES = 100  # that ranges are measured on
LOSSES = dict(segmentation=1.0, depth=0.005)
WRITERS = {'.onnx': export_onnx, '.pt2': export_aoti}


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', type=config_file, help='file, or the name of a shipped one'
    )
    parser.add_argument('checkpoint', help='file that training wrote')
    parser.add_argument('out', type=out_file, help='NAME.onnx or NAME.pt2')
    parser.add_argument(
        '--size',
        type=image_size,
        metavar='HxW',
        help='to compare with PyTorch at, and of a model that takes one size '
        "only (the config's crop size)",
    )
    parser.add_argument(
        '--fixed',
        action='store_true',
        help='for that size alone, which may run faster',
    )
    parser.add_argument(
        '--device',
        type=device,
        default='cpu',
        help='that a .pt2 file is made for',
    )
    parser.add_argument(
        '--int8',
        type=Path,
        metavar='FOLDER',
        help='of images: write 8 bits, with ranges measured on them',
    )
    parser.add_argument(
        '--int8-loss',
        type=accuracy_loss,
        metavar='N',
        help='that 8 bits may cost: points of mIoU (1), or AbsRel (0.005)',
    )
    parser.add_argument(
        '--int8-limit',
        type=positive_int,
        metavar='IMAGES',
        help='judge by so many validation images, in even steps (all)',
    )
    args = parser.parse_args()
    if args.out.suffix not in WRITERS:
        parser.error(f'{args.out}: wanted a name in {" or ".join(WRITERS)}')
    if args.out.suffix == '.onnx' and args.device != 'cpu':
        parser.error('--device is for .pt2; an .onnx file has none')
    if args.int8 is None:
        for name in ('loss', 'limit'):
            if getattr(args, f'int8_{name}') is not None:
                parser.error(f'--int8-{name} is for --int8')
    elif args.out.suffix != '.onnx':
        parser.error(f'{args.out}: --int8 is for an .onnx file')
    return args


@clear_errors
def main() -> None:
    """Load, export, compare; ends with what is wrong."""
    args = parse_args()
    existing_file(args.config, 'config')
    existing_file(args.checkpoint, 'checkpoint')
    cfg = load_config_file(args.config)
    size = args.size or crop_size(cfg)
    predictor = Predictor(cfg, args.checkpoint, args.device)
    facts = describe(
        predictor.model, predictor.pipeline.transforms, predictor.meta
    )

    def write(path: Path) -> None:
        with Console().status(f'Exporting to {args.out}'):
            WRITERS[path.suffix](
                predictor.model, path, size, facts, args.fixed
            )

    try:
        if args.int8 is None:
            write(args.out)
        else:
            # What is missing is found before the export, which takes long.
            images = calibration_images(predictor, args.int8)
            validation = Validation(cfg, args.int8_limit)
            args.out.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=args.out.parent) as folder:
                plain = Path(folder, args.out.name)
                write(plain)
                most = args.int8_loss
                judged = export_int8(
                    plain,
                    args.out,
                    read_images(predictor, images),
                    predictor.model,
                    validation,
                    LOSSES[facts['task']] if most is None else most,
                )
            print_judged(judged, validation.count)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise SystemExit(f'{args.out} was not written. {error}') from error
    megabytes = args.out.stat().st_size / 1e6
    print(f'{args.out} ({megabytes:.1f} MB), {facts["task"]}')


def calibration_images(predictor: Predictor, folder: Path) -> list[Path]:
    """At most `MOST_IMAGES` of a folder, in even steps."""
    if not folder.is_dir():
        raise SystemExit(f'--int8 {folder}: no such folder; wanted images')
    paths = [*named_images(predictor, folder)]
    count = min(len(paths), MOST_IMAGES)
    steps = np.linspace(0, len(paths) - 1, count).round().astype(int)
    return [paths[i] for i in steps]


def read_images(predictor: Predictor, paths: list[Path]) -> Iterator[Tensor]:
    """What the test pipeline makes of each, (N,H,W), with a progress bar."""
    for path in track(paths, 'Measuring ranges'):
        image = predictor.pipeline.picture(path)
        yield predictor.prepare(image, path)['inputs']


def print_judged(judged: Judged, images: int) -> None:
    """The figures beside each other; the one that counts is bold."""
    table = Table('metric', *judged.figures)
    for metric in judged.figures['fp32']:
        values = [f'{found[metric]:.4g}' for found in judged.figures.values()]
        is_bold = metric == judged.metric
        table.add_row(metric, *values, style='bold' if is_bold else None)
    console = Console()
    console.print(table)
    console.print(f'{judged.said} of {images} validation images.')


if __name__ == '__main__':
    main()
