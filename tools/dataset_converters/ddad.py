"""Project DDAD's LiDAR into its cameras and list the pairs, as GEDepth does.

Get DDAD (https://github.com/TRI-ML/DDAD, CC BY-NC-SA 4.0) and unpack it::

    python tools/dataset_converters/ddad.py ddad_train_val data/ddad

SOURCE is the folder with `ddad.json`, that file, any other data set in the
DGP format, or the scene_*.json of one scene. TARGET gets

    SCENE/rgb/CAMERA_xx/TIME.png     links to the release (--copy: copies)
    SCENE/depth/CAMERA_xx/TIME.npz   `depth`: float32 z in metres, full size,
                                     and `convention`, which of two it is
    ddad_train.txt, ddad_val.txt     `rgb depth` a line, relative to TARGET

and may be the release itself, whose pictures then stay as they are. With
GEDepth's four cameras, 01 05 06 09, DDAD has 50,600 training and 15,800
validation pairs.

A point goes to the picture through both sensors' poses, each at its own
time; a pixel without a point is 0. --convention says which pixel that is and
which point stays where several meet:

    nearest   the pixel whose centre is closest; the nearest point
    dgp       coordinates cut to whole numbers; the point that is last in the
              sweep. TRI-ML's dgp makes the maps so that packnet-sfm and
              GEDepth evaluate on: take it to compare with published figures

Points that the LiDAR on the roof sees and the camera does not, because a
near object hides them, stay between the points of that object.

Files that are there are left alone, so a run that was stopped can be
repeated; maps of the other convention are refused.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

import cv2
import numpy as np
from rich.progress import track

from xnet_mm.arguments import out_folder
from xnet_mm.datasets.conversion.command_line import (
    add_job_options,
    convert_pairs,
    make_parser,
)
from xnet_mm.datasets.conversion.dgp import (
    CameraImage,
    Sweep,
    read_scene,
    read_splits,
)
from xnet_mm.datasets.conversion.jobs import place, read_rgb, write_list
from xnet_mm.datasets.conversion.lidar_depth_file import (
    check_convention,
    write_lidar_depth,
)
from xnet_mm.datasets.conversion.lidar_projection import (
    CONVENTIONS,
    move,
    relative_pose,
)
from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.atomic import write_atomically
from xnet_mm.visualization.depth_colours import colour_depth, depth_range

CAMERAS = ('01', '05', '06', '09')
DOT = 5  # pixels of an overlay that a point covers


class Job(NamedTuple):
    """One picture and the sweep around it."""

    scene: str
    image: CameraImage
    sweep: Sweep

    @property
    def rgb(self) -> str:
        """Where the layout has the picture."""
        return f'{self.scene}/rgb/{self.image.camera}/{self.image.path.name}'

    @property
    def depth(self) -> str:
        """Where the layout has the depth map."""
        name = f'{self.image.path.stem}.npz'
        return f'{self.scene}/depth/{self.image.camera}/{name}'


def sweep_to_depth(
    image: CameraImage, sweep: Sweep, convention: str = 'nearest'
) -> np.ndarray:
    """(H, W) float32 of the sweep's points in the picture, metres."""
    pose = relative_pose(to=image.pose, start=sweep.pose)
    points = move(sweep.load(), pose)
    return CONVENTIONS[convention](points, image.intrinsics, image.shape)


def read_image(image: CameraImage) -> np.ndarray:
    """(H, W, 3) uint8 RGB.

    Raises:
        OSError: missing or broken.
        ValueError: of another size than the scene says.
    """
    pixels = read_rgb(image.path)
    if pixels.shape[:2] != image.shape:
        raise ValueError(
            f'{image.path}: is {pixels.shape[:2]} (height, width), but its '
            f'scene says {image.shape}'
        )
    return pixels


def draw_overlay(pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(H, W, 3) BGR: depth as coloured dots on the grey picture."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    far = np.finfo(np.float32).max
    # A minimum filter: where dots meet, the nearer one is on top.
    dots = cv2.erode(
        np.where(depth > 0, depth, far), np.ones((DOT, DOT), np.uint8)
    )
    dots[dots == far] = 0
    colours = colour_depth(dots, *depth_range('percentile', None, depth))
    picture = np.where(dots[..., None] > 0, colours, grey[..., None])
    return cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)


def convert(job: Job, args: argparse.Namespace) -> bool:
    """Write what is missing of one pair; returns whether anything was.

    Raises:
        OSError, ValueError: a file is missing or broken, or the depth map
            that is there is of another convention.
    """
    rgb, depth = args.target / job.rgb, args.target / job.depth
    overlay = args.overlay and args.overlay / (
        f'{job.scene}_{job.image.camera}_{job.image.path.stem}.jpg'
    )
    if depth.exists():
        check_convention(depth, args.convention)
    is_new = not (rgb.exists() and depth.exists())
    if not is_new and (overlay is None or overlay.exists()):
        return False
    pixels = read_image(job.image)
    if depth.exists():
        values = read_depth(depth, scale=1)
    else:
        values = sweep_to_depth(job.image, job.sweep, args.convention)
        write_lidar_depth(depth, values, args.convention)
    place(job.image.path, rgb, args.copy)
    if overlay:
        encoded = cv2.imencode('.jpg', draw_overlay(pixels, values))[1]
        write_atomically(overlay, encoded.tobytes())
    return is_new


def list_jobs(
    source: Path, cameras: list[str]
) -> tuple[dict[str, list[Job]], list[str]]:
    """What to convert by split, and the scenes that cannot be read.

    Raises:
        OSError, ValueError: `source` is no DGP data set.
    """
    splits = read_splits(source)
    scenes = sorted({path for paths in splits.values() for path in paths})
    jobs, broken = {}, []
    for path in track(scenes, 'reading scenes'):
        try:
            samples = read_scene(path)
        except (OSError, ValueError) as error:
            broken.append(str(error))
            continue
        jobs[path] = [
            Job(path.parent.name, image, sample.sweep)
            for sample in samples
            for image in sample.images
            if image.camera in cameras
        ]
        found = {job.image.camera for job in jobs[path]}
        if missing := [c for c in cameras if c not in found]:
            print(f'{path.parent.name} has no {", ".join(missing)}')
    return {
        split: [job for path in paths for job in jobs.get(path, [])]
        for split, paths in splits.items()
    }, broken


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument('source', type=Path, help='DGP data set or scene')
    parser.add_argument('target', type=out_folder, help='e.g. data/ddad')
    parser.add_argument(
        '--cameras', nargs='+', default=CAMERAS, metavar='NN', help='01 ... 09'
    )
    parser.add_argument(
        '--convention',
        choices=CONVENTIONS,
        default='nearest',
        help='how points become pixels (default: nearest)',
    )
    parser.add_argument(
        '--overlay',
        type=out_folder,
        metavar='DIR',
        help='pictures of the result',
    )
    add_job_options(parser)
    return parser.parse_args()


@clear_errors
def main() -> None:
    """Convert every split, then list it."""
    args = parse_args()
    splits, broken = list_jobs(
        args.source, [f'CAMERA_{camera}' for camera in args.cameras]
    )
    # A scene may be in several splits, its files are made once.
    jobs = {job.depth: job for jobs in splits.values() for job in jobs}
    if not jobs and not broken:
        sys.exit(f'ddad.py: {args.source}: no picture of these cameras')
    converted = convert_pairs(
        partial(convert, args=args),
        list(jobs.values()),
        'projecting',
        args,
        broken,
    )
    done = {job.depth for job in converted}
    for split, listed in splits.items():
        pairs = [(j.rgb, j.depth) for j in listed if j.depth in done]
        path = args.target / f'ddad_{split}.txt'
        write_list(path, pairs)
        print(f'{path}: {len(pairs)} pairs, convention {args.convention}')


if __name__ == '__main__':
    main()
