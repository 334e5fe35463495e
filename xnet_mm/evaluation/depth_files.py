"""Depth maps of a test as files, written while it runs."""

import logging
from collections.abc import Iterable
from hashlib import sha256
from os import path as osp
from pathlib import Path

from mmengine.logging import print_log
from torch import Tensor

from ..checks import check_scale
from ..fileio.atomic import write_atomically
from ..fileio.depth_png import HIGHEST, LOWEST, check_range, encode_depth
from ..fileio.output_names import output_names

MILLIMETRES, KITTI = 1000.0, 256.0  # file units per metre


class DepthFiles:
    """Writes each map as 16-bit PNG, named like its image.

    Which names tell all images apart is known when all have come: until
    then the files lie in the folder `unnamed`. Several processes need a
    common file system.

    Args:
        out_dir: Folder of the files. One is called like its image, below the
            innermost folder of all images.
        scale: File units per metre. Default: 1000, or 256 where 16 bits
            do not hold the range of the data in millimetres.

    Raises:
        ValueError: no such scale.
    """

    def __init__(self, out_dir: str | Path, scale: float | None) -> None:
        self.out_dir = Path(out_dir)
        self._unnamed = self.out_dir / 'unnamed'
        self._scale = scale and check_scale(scale, 'depth_scale')

    def scale_for(self, max_depth: float | None) -> float:
        """File units per metre.

        Raises:
            ValueError: the one that was asked for does not fit the range.
        """
        in_millimetres = (max_depth or 0) * MILLIMETRES <= HIGHEST
        scale = self._scale or (MILLIMETRES if in_millimetres else KITTI)
        if max_depth:
            check_range(max_depth, scale)
        return scale

    def add(self, path: str, depth: Tensor, max_depth: float | None) -> int:
        """Write one map; the number of pixels that did not fit.

        Args:
            path: Of the image.
            depth: (H, W), metres.
            max_depth: Of the data, metres.

        Raises:
            ValueError: NaN, or a scale that does not fit.
        """
        scale = self.scale_for(max_depth)
        data, clipped = encode_depth(depth.float().cpu().numpy(), scale, path)
        write_atomically(self._unnamed_file(path), data)
        return clipped

    def name_all(
        self, paths: Iterable[str], max_depth: float | None, clipped: int
    ) -> None:
        """Give all files their names, and say where they are.

        Args:
            paths: Of all images of the test, also of other processes.
            max_depth: Of the data, metres.
            clipped: Number of pixels that did not fit.
        """
        names = output_names(paths)
        for path, name in names.items():
            target = self.out_dir / f'{name}.png'
            target.parent.mkdir(parents=True, exist_ok=True)
            self._unnamed_file(str(path)).replace(target)
        if not any(self._unnamed.iterdir()):
            self._unnamed.rmdir()
        scale = self.scale_for(max_depth)
        text = (
            f'Depth maps: {len(names)} in {self.out_dir}, 16-bit PNG, '
            f'{scale:g} per metre'
        )
        if clipped:
            text += (
                f'; {clipped} pixels did not fit into {LOWEST / scale:g} to '
                f'{HIGHEST / scale:g} m and were clipped. A smaller '
                'depth_scale of the metric reaches farther'
            )
        level = logging.WARNING if clipped else logging.INFO
        print_log(text, logger='current', level=level)

    def _unnamed_file(self, path: str) -> Path:
        key = sha256(osp.abspath(path).encode('utf-8', 'surrogateescape'))
        return self._unnamed / f'{key.hexdigest()}.png'
