"""See what the decoder sees (figure 4 of the paper).

    python tools/visualize_mix.py INPUT --out-dir DIR \
        --model pre-trained CONFIG CHECKPOINT --model random CONFIG CHECKPOINT

INPUT is an image or a folder (with its subfolders). DIR gets one picture an
image, a row for each model: image | mixed feature | prediction.

xNet-I mixes in RGB: of each pixel only the largest component is kept, and
the shares of the three are written above. xNet mixes after the stem, and
xNet-I may in other channels: the first three principal components, found in
up to 16 of the images.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import BaseDataElement
from rich.progress import track

from xnet_mm.arguments import config_file, device, out_folder
from xnet_mm.datasets.channel_io import ARRAYS
from xnet_mm.engine.launch import existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.fileio.output_names import output_names
from xnet_mm.models.channels import RGB
from xnet_mm.models.decoder import PretrainedReversedDecoder
from xnet_mm.prediction.depth import model_max_depth
from xnet_mm.prediction.files import write_png
from xnet_mm.prediction.inputs import (
    check_out_dir,
    describe_skipped,
    find_images,
)
from xnet_mm.prediction.predictor import Predictor
from xnet_mm.visualization.depth_colours import (
    colour_depth,
    depth_bar,
    depth_range,
)
from xnet_mm.visualization.depth_panel_visualizer import crop_image
from xnet_mm.visualization.mixed_feature import (
    FeaturePCA,
    channel_shares,
    largest_component,
)
from xnet_mm.visualization.panels import (
    colour_labels,
    legend,
    side_by_side,
    stack,
)

PCA_IMAGES = 16


class Row:
    """One model of the picture: its name, and how its mixed feature looks.

    Args:
        name: written above its panels.
        config: config file.
        checkpoint: file that training wrote.
        device: 'cuda' or 'cpu'.

    Raises:
        SystemExit: the model mixes nothing.
    """

    def __init__(
        self, name: str, config: str, checkpoint: str, device: str
    ) -> None:
        config = existing_file(config_file(config), 'config')
        existing_file(checkpoint, 'checkpoint')
        cfg = load_config_file(config)
        self.name = name
        self.predictor = Predictor(cfg, checkpoint, device)
        neck = getattr(self.predictor.model, 'neck', None)
        if neck is None or getattr(neck, 'mix', None) is None:
            raise SystemExit(
                f'{config} has no mixed feature: its neck is '
                f'{type(neck).__name__} with mix='
                f'{getattr(neck, "mix", None)}. Wanted '
                f"{PretrainedReversedDecoder.__name__} with mix='image' "
                "(xNet-I) or mix='stem' (xNet)."
            )
        self.neck: PretrainedReversedDecoder = neck
        self.pca: FeaturePCA | None = None
        self.shares: list[np.ndarray] = []  # (3,) each

    @torch.no_grad()
    def mixed_feature(self, path: Path) -> np.ndarray:
        """(C,h,w) of an image's file, without what pads the batch."""
        model = self.predictor.model
        pipeline = self.predictor.pipeline
        sample = pipeline(pipeline.picture(path), path)
        batch = model.data_preprocessor(pseudo_collate([sample]))
        inputs = batch['inputs']
        shown, *maps = model.backbone(inputs)
        mixed = self.neck.mixed_feature(shown, maps[-1])[0].float()
        height, width = batch['data_samples'][0].img_shape
        rows = round(mixed.shape[1] * min(1, height / inputs.shape[2]))
        columns = round(mixed.shape[2] * min(1, width / inputs.shape[3]))
        return mixed[:, :rows, :columns].cpu().numpy()

    def learn(self, paths: Sequence[Path]) -> None:
        """Find the principal components where there are no three channels.

        Args:
            paths: of images; those that fail are named when they are drawn,
                and others take their places.
        """
        if self.neck.mix == 'image' and self.neck.in_chans == RGB:
            return
        some = paths[:: -(-len(paths) // PCA_IMAGES)]
        found = []
        for path in dict.fromkeys([*some, *paths]):
            with suppress(Exception):
                found.append(self.mixed_feature(path))
            if len(found) == len(some):
                break
        if found:
            self.pca = FeaturePCA(found)

    def draw(self, path: Path) -> np.ndarray:
        """Of an image's file: image | mixed feature | prediction, RGB."""
        image = self.predictor.pipeline.picture(path)
        mixed = self.mixed_feature(path)
        if self.pca is None:
            shares = channel_shares(mixed)
            self.shares.append(shares)
            red, green, blue = (f'{s:.0%}' for s in shares)
            picture, smooth = largest_component(mixed), cv2.INTER_NEAREST
            title = f'mixed feature: {red} red, {green} green, {blue} blue'
        else:
            picture, smooth = self.pca(mixed), cv2.INTER_LINEAR
            title = 'mixed feature: three principal components'
        (result,) = self.predictor([image], [str(path)], files=[path])
        box = result.metainfo.get('crop_box', (0, 0, *image.shape[:2]))
        shown = crop_image(image, box)[..., ::-1]
        size = shown.shape[1::-1]
        prediction, below = self._paint(result, 3 * size[0])
        panels = {
            self.name: shown,
            title: cv2.resize(picture, size, interpolation=smooth),
            'prediction': prediction,
        }
        return stack(side_by_side(panels), below)

    def _paint(
        self, result: BaseDataElement, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The prediction's colours and what explains them."""
        if 'pred_depth_map' in result:
            depth = result.pred_depth_map.data.squeeze(0).cpu().numpy()
            limits = depth_range(
                'max_depth', model_max_depth(self.predictor), depth
            )
            return colour_depth(depth, *limits), depth_bar(*limits, width)
        labels = result.pred_sem_seg.data.squeeze(0).cpu().numpy()
        meta = self.predictor.meta
        ids = np.unique(labels).tolist()
        strip = legend(meta['classes'], meta['palette'], ids, width)
        return colour_labels(labels, meta['palette']), strip


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description='Draw the mixed feature of xNet')
    parser.add_argument('input', type=Path, help='image or folder')
    parser.add_argument(
        '--model',
        action='append',
        nargs=3,
        required=True,
        metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
        help='a row of the picture; give it again for more rows',
    )
    parser.add_argument('--out-dir', type=out_folder, required=True)
    parser.add_argument(
        '--device',
        type=device,
        default='cuda' if torch.cuda.is_available() else 'cpu',
    )
    return parser.parse_args()


def draw_rows(rows: Sequence[Row], path: Path) -> np.ndarray:
    """The picture of an image, (H,W,3) uint8 RGB."""
    picture = rows[0].draw(path)
    for row in rows[1:]:
        picture = stack(picture, row.draw(path))
    return picture


@clear_errors
def main() -> None:
    """Draw every image; ends with an error that names what was skipped."""
    args = parse_args()
    # Before the models are built: it takes a while.
    check_out_dir(args.input, args.out_dir, ())
    find_images(args.input, args.out_dir, ARRAYS)
    root = args.input if args.input.is_dir() else args.input.parent
    rows = [
        Row(name, config, checkpoint, args.device)
        for name, config, checkpoint in args.model
    ]
    arrays = any(row.predictor.pipeline.takes_arrays for row in rows)
    paths = find_images(args.input, args.out_dir, ARRAYS if arrays else ())
    names = output_names(paths, root)
    for row in rows:
        row.learn(paths)
    skipped = []
    for path in track(paths, 'Drawing'):
        try:
            picture = draw_rows(rows, path)
        except Exception as error:  # the others are drawn nevertheless
            skipped.append(describe_skipped(path, error))
            continue
        write_png(args.out_dir / f'{names[path]}.png', picture[..., ::-1])
    for row in rows:
        if row.shares:
            top = np.mean([max(s) for s in row.shares])
            mean = ', '.join(f'{s:.1%}' for s in np.mean(row.shares, axis=0))
            print(
                f'{row.name}: red, green, blue {mean}; the most frequent '
                f'channel of an image holds {top:.1%} of its pixels'
            )
    if len(skipped) < len(paths):
        print(f'Pictures: {args.out_dir}')
    if skipped:
        raise SystemExit('\n'.join(['Skipped:', *skipped]))


if __name__ == '__main__':
    main()
