"""Predict: python tools/predict.py CONFIG CHECKPOINT INPUT --out-dir DIR.

INPUT is an image, a folder (with its subfolders) or a video. DIR gets
`labels/` (PNG, the class id of each pixel), `overlays/` (colours over the
image; one mp4 for a video) and `legend.png`.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import cv2
import numpy as np
import torch
from mmengine.config import Config
from rich.progress import track

from xnet_mm.engine.atomic import write_atomically
from xnet_mm.engine.launch import existing_file
from xnet_mm.engine.prediction import (
    VIDEO_SUFFIXES,
    Predictor,
    find_images,
    output_names,
)
from xnet_mm.visualization.panels import colour_labels, legend


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description='Segment images or a video')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='file that training wrote')
    parser.add_argument('input', type=Path, help='image, folder or video')
    parser.add_argument('--out-dir', type=Path, required=True)
    parser.add_argument(
        '--device', default='cuda' if torch.cuda.is_available() else 'cpu'
    )
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument(
        '--opacity', type=float, default=0.5, help='of the colours, 0 to 1'
    )
    return parser.parse_args()


def write_png(path: Path, image: np.ndarray) -> None:
    """Write labels or a BGR image, whole or not at all."""
    write_atomically(path, cv2.imencode('.png', image)[1].tobytes())


def overlay(
    image: np.ndarray, labels: np.ndarray, palette: list, opacity: float
) -> np.ndarray:
    """Class colours over a BGR image."""
    colours = colour_labels(labels, palette)[..., ::-1]
    return cv2.addWeighted(image, 1 - opacity, colours, opacity, 0)


def predict_images(predictor: Predictor, args: Namespace) -> list[Path]:
    """Write the outputs of each image; the unreadable ones are returned."""
    paths = find_images(args.input)
    root = args.input if args.input.is_dir() else args.input.parent
    names = output_names(paths, root)
    unreadable, batch = [], {}
    for path in track(paths, 'Predicting'):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            unreadable.append(path)
        else:
            batch[path] = image
        if batch and (len(batch) == args.batch_size or path is paths[-1]):
            results = predictor(list(batch.values()))
            for (source, image), labels in zip(
                batch.items(), results, strict=True
            ):
                name = f'{names[source]}.png'
                write_png(args.out_dir / 'labels' / name, labels)
                picture = overlay(
                    image, labels, predictor.palette, args.opacity
                )
                write_png(args.out_dir / 'overlays' / name, picture)
            batch = {}
    return unreadable


def read_frames(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    """BGR frames up to the end of the video."""
    while (frame := video.read()[1]) is not None:
        yield frame


def predict_video(predictor: Predictor, args: Namespace) -> list[Path]:
    """Write labels/STEM/FRAME.png and overlays/STEM.mp4."""
    video = cv2.VideoCapture(str(args.input))
    frames = read_frames(video)
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    fps = video.get(cv2.CAP_PROP_FPS) or 25
    target = args.out_dir / 'overlays' / f'{args.input.stem}.mp4'
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f'{target.stem}.tmp.mp4')
    writer, written = None, 0
    steps = -(-count // args.batch_size) if count > 0 else None
    batches = iter(lambda: list(islice(frames, args.batch_size)), [])
    for batch in track(batches, 'Predicting', total=steps):
        for image, labels in zip(batch, predictor(batch), strict=True):
            if writer is None:
                writer = cv2.VideoWriter(
                    str(temporary),
                    cv2.VideoWriter_fourcc(*'mp4v'),
                    fps,
                    image.shape[1::-1],
                )
            writer.write(
                overlay(image, labels, predictor.palette, args.opacity)
            )
            name = f'{args.input.stem}/{written:06d}.png'
            write_png(args.out_dir / 'labels' / name, labels)
            written += 1
    if not written:
        return [args.input]
    writer.release()
    temporary.replace(target)
    return []


def main() -> None:
    """Predict; ends with an error that names the unreadable files."""
    args = parse_args()
    existing_file(args.config, 'config')
    existing_file(args.checkpoint, 'checkpoint')
    is_video = args.input.suffix.lower() in VIDEO_SUFFIXES
    find_images(args.input)  # before the model is built: it takes a while
    cfg = Config.fromfile(args.config)
    predictor = Predictor(cfg, args.checkpoint, args.device)
    predict = predict_video if is_video else predict_images
    unreadable = predict(predictor, args)
    ids = range(len(predictor.classes))
    strip = legend(predictor.classes, predictor.palette, ids, 640)
    write_png(args.out_dir / 'legend.png', strip[..., ::-1])
    print(f'Labels and overlays: {args.out_dir}')
    if unreadable:
        names = '\n'.join(map(str, unreadable))
        raise SystemExit(f'Skipped, OpenCV cannot read them:\n{names}')


if __name__ == '__main__':
    main()
