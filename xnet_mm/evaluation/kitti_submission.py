"""The zip of depth maps that KITTI's depth benchmark takes."""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zlib import crc32

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..fileio.atomic import write_atomically
from ..fileio.depth_png import to_units
from ..fileio.finite import DEPTHS, check_finite
from ..registry import METRICS

SCALE = 256  # file units per metre
UPLOAD_LIMIT = 500  # MB, as users of the server report
DRIVE = re.compile(r'\d{4}_\d\d_\d\d_drive_\d{4}_sync')


@dataclass(frozen=True)
class WrittenMap:
    """What is kept of a file until the zip is read back.

    Attributes:
        name: Of the PNG file.
        path: Of the image.
        size: 'HxW' of the map.
        checksum: CRC-32 of the pixels.
        clipped: Pixels outside of what the format can say.
    """

    name: str
    path: str
    size: str
    checksum: int
    clipped: int


@METRICS.register_module()
class KITTISubmission(BaseMetric):
    """Writes predictions as KITTI's depth prediction benchmark wants them.

    Each map becomes a 16-bit PNG, metres x 256, rounded and clipped to
    1..65535 (1/256..255.996 m), in `output_dir`; when all are there they are
    zipped to `output_dir`.zip and the zip is read back. As a metric it runs
    in any test, alone or in a list with others, and has no figures. Several
    processes need a common file system.

    Args:
        output_dir: Folder of the PNG files.
        keep_results: No matter; MMSegmentation's test.py says it beside
            `output_dir`.
        **kwargs: `collect_device` and `collect_dir` of MMEngine.
    """

    default_prefix = ''  # MMEngine does not warn

    def __init__(
        self, output_dir: str, keep_results: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.output_dir = Path(output_dir)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Write one file for each prediction.

        Raises:
            ValueError: a prediction that is not finite.
        """
        for sample in data_samples:
            pred, path = sample['pred_depth_map']['data'], sample['img_path']
            check_finite(pred, path, DEPTHS)
            metres = pred.reshape(pred.shape[-2:]).cpu().numpy()
            depth, clipped = to_units(metres, SCALE)
            name = submission_name(path)
            data = cv2.imencode('.png', depth)[1].tobytes()
            write_atomically(self.output_dir / name, data)
            size = '{}x{}'.format(*depth.shape)
            self.results.append(
                WrittenMap(name, path, size, crc32(depth.data), clipped)
            )

    def compute_metrics(self, results: list[WrittenMap]) -> dict:
        """Zip the files, read the zip back and report; no figures.

        Runs in the first process, after `collect_results` has waited for
        all of them.

        Raises:
            ValueError: no file, two images of one name, or a zip that does
                not hold what was written.
        """
        target = Path(f'{self.output_dir}.zip')
        if not results:
            raise ValueError(f'{target}: no prediction to write')
        _check_names(results)
        temporary = target.with_name(f'{target.name}.tmp')
        with ZipFile(temporary, 'w') as archive:  # stored: PNG is compressed
            for result in results:
                archive.write(self.output_dir / result.name, result.name)
        verify(temporary, results)
        temporary.replace(target)
        _report(target, results)
        return {}


def submission_name(path: str) -> str:
    """Name of the PNG for an image.

    Images of the benchmark (0000000000.png, or with the drive in the name)
    keep their names. Those of the raw data, of which every drive has the
    same names, get the drive and the camera in the way that KITTI names its
    selection for validation:
    2011_09_26_drive_0002_sync_image_0000000008_image_02.png.
    """
    *folders, name = Path(path).parts
    stem = Path(name).stem
    drives = [folder for folder in folders if DRIVE.fullmatch(folder)]
    if not drives:
        return f'{stem}.png'
    cameras = [f for f in folders if re.fullmatch(r'image_\d\d', f)]
    return '_'.join([drives[-1], 'image', stem, *cameras[-1:]]) + '.png'


def verify(zip_path: Path, written: Sequence[WrittenMap]) -> None:
    """Compare a zip with what was written, pixel by pixel.

    Raises:
        ValueError: the zip has other files, or one of other pixels.
    """
    with ZipFile(zip_path) as archive:
        names = [w.name for w in written]
        if archive.namelist() != names:
            raise ValueError(
                f'{zip_path}: holds {len(archive.namelist())} files other '
                f'than the {len(names)} written. Write it again'
            )
        for expected in written:
            depth = _decode(archive.read(expected.name))
            if (
                depth is None
                or '{}x{}'.format(*depth.shape) != expected.size
                or crc32(depth.data) != expected.checksum
            ):
                raise ValueError(
                    f'{zip_path}: {expected.name} does not read back as it '
                    'was written. Is the disk full, or does another run '
                    'write to the same folder?'
                )


def _decode(png: bytes) -> np.ndarray | None:
    data = np.frombuffer(png, np.uint8)
    depth = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if png else None
    return depth if depth is not None and depth.dtype == np.uint16 else None


def _check_names(results: Sequence[WrittenMap]) -> None:
    paths: dict[str, str] = {}
    for result in results:
        if result.name in paths:
            raise ValueError(
                f'{paths[result.name]} and {result.path} would both be '
                f'{result.name} in the zip. Test one set of images at a time'
            )
        paths[result.name] = result.path


def _report(target: Path, results: Sequence[WrittenMap]) -> None:
    size = target.stat().st_size / 1e6
    shapes = Counter(r.size for r in results).most_common()
    shown = ', '.join(f'{shape} ({images})' for shape, images in shapes)
    clipped = sum(r.clipped for r in results)
    print_log(
        f'KITTI submission: {target.absolute()}, {size:.1f} MB, '
        f'{len(results)} maps of {shown}, read back without a difference; '
        f'{clipped} pixels clipped to 1/256..255.996 m',
        logger='current',
    )
    if size > UPLOAD_LIMIT:
        print_log(
            f'{target}: {size:.1f} MB, above the {UPLOAD_LIMIT} MB that the '
            'server is said to take',
            logger='current',
            level=logging.WARNING,
        )
