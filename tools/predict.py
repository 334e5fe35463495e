"""Predict images or a video: python tools/predict.py CONFIG CHECKPOINT INPUT.

INPUT is an image, a folder (with its subfolders) or a video. What --out-dir
gets depends on what the model predicts.

Classes: `labels/` (PNG, the class id of each pixel), `overlays/` (colours
over the image; one mp4 for a video) and `legend.png`.

Depth: `depth/` (16-bit PNG), `pictures/` (image | depth; one mp4 for a
video), `npy/` with --npy and `clouds/` (PLY) with --intrinsics. Where the
test pipeline crops the image (KITTI's KBCrop), they are those of the crop.

Both, of a model of both: all of these, and in `pictures/` the overlay above
image | depth.
"""

import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import torch
from mmengine.structures import BaseDataElement

from xnet_mm.arguments import (
    colour_range,
    config_file,
    depth_scale,
    device,
    fraction,
    out_folder,
    positive_int,
    tile_side,
    told,
)
from xnet_mm.datasets.channel_io import ARRAYS
from xnet_mm.engine.launch import existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.fast.allocator import keep_large_tensors
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.prediction.behind import write_predictions
from xnet_mm.prediction.depth import model_max_depth, parse_intrinsics
from xnet_mm.prediction.files import (
    PictureFiles,
    PictureVideo,
    PredictionWriter,
)
from xnet_mm.prediction.inputs import (
    check_out_dir,
    describe_skipped,
    find_images,
    named_images,
    predict_files,
    predict_video,
)
from xnet_mm.prediction.model import Model
from xnet_mm.prediction.predictor import Predictor
from xnet_mm.prediction.tiled import DEPTH_SCALE
from xnet_mm.prediction.videos import VIDEO_SUFFIXES, Video
from xnet_mm.prediction.writers import FOLDERS, writer_for


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description='Segment images or a video, or estimate their depth'
    )
    parser.add_argument(
        'config', type=config_file, help='file, or the name of a shipped one'
    )
    parser.add_argument('checkpoint', help='file that training wrote')
    parser.add_argument('input', type=Path, help='image, folder or video')
    parser.add_argument('--out-dir', type=out_folder, required=True)
    parser.add_argument(
        '--device',
        type=device,
        default='cuda' if torch.cuda.is_available() else 'cpu',
    )
    parser.add_argument('--batch-size', type=positive_int, default=1)
    parser.add_argument(
        '--tile',
        type=tile_side,
        metavar='PIXELS',
        help='images of any size (satellite, microscope): by tiles of so many '
        "pixels a side, at the image's own scale; pictures are made smaller",
    )
    parser.add_argument(
        '--opacity',
        type=fraction,
        default=0.5,
        help='classes: of the colours, 0 to 1',
    )
    depth = parser.add_argument_group('for depth')
    depth.add_argument(
        '--depth-scale',
        type=depth_scale,
        default=DEPTH_SCALE,
        help='file units per metre of the PNG (1000: mm; KITTI: 256)',
    )
    depth.add_argument(
        '--npy', action='store_true', help='float32 metres too, as npy'
    )
    depth.add_argument(
        '--depth-range',
        type=colour_range,
        default='max_depth',
        help='of the colours: max_depth (0 to that of the model), '
        'percentile (of each prediction; of the first frame for a video) or '
        'NEAR,FAR in metres',
    )
    depth.add_argument(
        '--intrinsics',
        type=told(parse_intrinsics),
        metavar='FILE|fx,fy,cx,cy',
        help='of the camera, in pixels of the images, the centre of the top '
        'left pixel being (0, 0): writes point clouds',
    )
    depth.add_argument(
        '--drop-edges',
        action='store_true',
        help='leave pixels at jumps of the depth out of the point clouds',
    )
    args = parser.parse_args()
    if args.drop_edges and args.intrinsics is None:
        parser.error('--drop-edges is for point clouds: give --intrinsics')
    if args.tile and (args.npy or args.intrinsics or args.batch_size > 1):
        parser.error(
            '--tile writes maps and pictures, a tile at a time: no --npy, '
            '--intrinsics or --batch-size'
        )
    if args.tile and args.depth_scale != DEPTH_SCALE:
        parser.error(
            f'--tile writes depth in {DEPTH_SCALE:g} units per metre, not '
            f'--depth-scale {args.depth_scale:g}'
        )
    return args


def depth_options(args: Namespace) -> dict:
    """Options of `DepthWriter`."""
    return dict(
        scale=args.depth_scale,
        colours=args.depth_range,
        npy=args.npy,
        intrinsics=args.intrinsics,
        drop_edges=args.drop_edges,
    )


@clear_errors
def main() -> None:
    """Predict; ends with an error that names what was skipped."""
    args = parse_args()
    existing_file(args.config, 'config')
    existing_file(args.checkpoint, 'checkpoint')
    is_video = (
        args.input.suffix.lower() in VIDEO_SUFFIXES and args.input.is_file()
    )
    if args.tile and is_video:
        raise SystemExit('--tile is for images, not for the frames of a video')
    # Before the model is built: it takes a while.
    check_out_dir(args.input, args.out_dir, FOLDERS)
    find_images(args.input, args.out_dir, ARRAYS)  # if the model takes them
    options = dict(depth_options(args), steady=is_video)
    video = Video(args.input) if is_video else None
    cfg = load_config_file(args.config)
    predictor = Predictor(cfg, args.checkpoint, args.device)
    skipped: list[str] = []
    if args.tile:
        model = Model(predictor, cfg, {}, tile=args.tile)
        predict_large(args, model, skipped)
        end_with(skipped)
        return
    keep_large_tensors(args.device)
    if video:
        total = video.count or None
        results = predict_video(predictor, video, args.batch_size, skipped)
    else:
        names = named_images(predictor, args.input, args.out_dir)
        total = len(names)
        results = predict_files(predictor, names, args.batch_size, skipped)

    def open_writers(
        sample: BaseDataElement,
    ) -> tuple[PredictionWriter, PictureFiles | PictureVideo]:
        writer = writer_for(
            args.out_dir,
            sample,
            predictor,
            model_max_depth(predictor),
            args.opacity,
            **options,
        )
        folder = args.out_dir / writer.picture_dir
        if video is None:
            return writer, PictureFiles(folder)
        file = folder / f'{args.input.stem}.mp4'
        return writer, PictureVideo(file, video.fps)

    with closing(results):
        writer = write_predictions(results, open_writers, total, skipped)
    if writer is not None:
        print(f'{writer.kinds}: {args.out_dir}')
    end_with(skipped)


def predict_large(args: Namespace, model: Model, skipped: list[str]) -> None:
    """Write the maps and pictures of all images, by tiles."""
    names = named_images(model.predictor, args.input, args.out_dir)
    for path, name in names.items():  # each has a bar of its own
        try:
            result = model(path)
            result.name = name
            result.save(args.out_dir, args.opacity, args.depth_range)
        except (FileNotFoundError, ValueError, MemoryError) as error:
            skipped.append(describe_skipped(path, error))
    print(f'Maps and pictures: {args.out_dir}')


def end_with(skipped: list[str]) -> None:
    """Status 1 where something was left out."""
    if skipped:
        raise SystemExit('\n'.join(['Skipped:', *skipped]))


if __name__ == '__main__':
    main()
