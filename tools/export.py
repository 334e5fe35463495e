"""Export a trained model: python tools/export.py CONFIG CHECKPOINT OUT.

OUT ends in .onnx (standard operators, for onnxruntime) or .pt2 (AOTInductor,
for PyTorch or C++ on this kind of machine; needs a C++ compiler). The file
takes RGB images of 0 to 255 as float32 (B,3,H,W), 'image', and gives logits
(B,K,H,W) or metres (B,1,H,W), 'prediction', of the same height and width:
normalisation is inside. It is kept only if its results are those of PyTorch,
within 1e-4 of the largest value. tools/predict_exported.py runs an .onnx file.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from rich.console import Console

from xnet_mm.arguments import config_file, device, image_size, out_file
from xnet_mm.engine.launch import crop_size, existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.export import describe, export_aoti, export_onnx
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.prediction.predictor import Predictor

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
    args = parser.parse_args()
    if args.out.suffix not in WRITERS:
        parser.error(f'{args.out}: wanted a name in {" or ".join(WRITERS)}')
    if args.out.suffix == '.onnx' and args.device != 'cpu':
        parser.error('--device is for .pt2; an .onnx file has none')
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
    with Console().status(f'Exporting to {args.out}'):
        try:
            WRITERS[args.out.suffix](
                predictor.model, args.out, size, facts, args.fixed
            )
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise SystemExit(f'{args.out} was not written. {error}') from error
    megabytes = args.out.stat().st_size / 1e6
    print(f'{args.out} ({megabytes:.1f} MB), {facts["task"]}')


if __name__ == '__main__':
    main()
