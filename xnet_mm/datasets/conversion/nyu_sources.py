"""Where NYU-Depth-V2 comes from: BTS's archive and the labelled data set."""

from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np
from PIL import Image
from scipy.io import loadmat

from ...fileio.atomic import write_atomically
from .jobs import check_pair, place

if TYPE_CHECKING:
    from h5py import File

KEPT = np.s_[7:474, 7:632]  # rows and columns of a test image


class Pair(NamedTuple):
    """Paths below the folder of all scenes: SCENE/rgb_XXXXX.jpg, ..."""

    rgb: str
    depth: str


class SyncFolder:
    """The unpacked archive; files are linked or copied."""

    def __init__(self, root: Path, copy: bool) -> None:
        self.root = root
        self.copy = copy
        files = root.glob('*/*')
        self.names = {path.relative_to(root).as_posix() for path in files}

    def convert(self, pair: Pair, target: Path) -> bool:
        """Put a pair into the layout; returns whether it was not there.

        Raises:
            OSError, ValueError: a file is missing or broken.
        """
        if all((target / name).exists() for name in pair):
            return False
        check_pair(self.root / pair.rgb, self.root / pair.depth)
        for name in pair:
            place(self.root / name, target / name, self.copy)
        return True


class SyncZip:
    """The archive itself, whatever folders are around the scenes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = ZipFile(path)
        self.members = {
            '/'.join(PurePosixPath(name).parts[-2:]): name
            for name in self.zip.namelist()
            if not name.endswith('/')
        }
        self.names = set(self.members)

    def convert(self, pair: Pair, target: Path) -> bool:
        """As that of the folder."""
        if all((target / name).exists() for name in pair):
            return False
        contents = [self._read(name) for name in pair]
        for name, content in zip(pair, contents, strict=True):
            write_atomically(target / name, content)
        return True

    def _read(self, name: str) -> bytes:
        """A whole file; zip has a check sum, that of pictures is not read."""
        if name not in self.members:
            raise FileNotFoundError(f'{self.path}: holds no {name}')
        try:
            content = self.zip.read(self.members[name])
            Image.open(BytesIO(content)).load()
        except Exception as error:  # zipfile and zlib raise their own
            raise ValueError(
                f'{self.path}: {name} is broken ({error})'
            ) from None
        return content


def open_sync(path: Path, copy: bool) -> SyncFolder | SyncZip:
    """The archive or the folder.

    Raises:
        ValueError: neither, or nothing of NYU in it.
    """
    source: SyncFolder | SyncZip
    if path.is_dir():
        source = SyncFolder(path, copy)
    else:
        try:
            source = SyncZip(path)
        except (OSError, BadZipFile) as error:
            raise ValueError(
                f'{path}: neither a folder nor a whole zip file ({error})'
            ) from None
    if not find_pairs(source.names):
        raise ValueError(
            f'{path}: no SCENE/rgb_XXXXX.jpg with its '
            'SCENE/sync_depth_XXXXX.png; wanted sync.zip or its folder sync'
        )
    return source


def find_pairs(names: set[str]) -> list[Pair]:
    """Every image that has a depth map."""
    images = sorted(n for n in names if '/rgb_' in n and n.endswith('.jpg'))
    pairs = [
        Pair(n, n.replace('/rgb_', '/sync_depth_')[:-4] + '.png')
        for n in images
    ]
    return [pair for pair in pairs if pair.depth in names]


class Labelled:
    """The labelled data set's .mat file, which is HDF5.

    Raises:
        ValueError: h5py is not installed, or the files are others.
    """

    def __init__(self, path: Path, splits: Path) -> None:
        try:
            import h5py
        except ImportError:
            raise ValueError(
                f'{path} is an HDF5 file, and h5py, which reads it, is not '
                'installed: `pip install h5py`'
            ) from None
        self.path = path
        try:
            self.file: File = h5py.File(path)
            self.images = self.file['images']
            self.depths = self.file['rawDepths']
            scenes = [
                ''.join(map(chr, self.file[reference][()].ravel()))
                for reference in self.file['sceneTypes'][()].ravel()
            ]
        except (OSError, KeyError) as error:
            raise ValueError(
                f'{path}: not nyu_depth_v2_labeled.mat ({error})'
            ) from None
        try:
            numbers = loadmat(splits)['testNdxs'].ravel() - 1  # MATLAB's
        except Exception as error:  # scipy raises of many kinds
            raise ValueError(
                f'{splits}: not the splits.mat with `testNdxs` ({error})'
            ) from None
        if numbers.max() >= len(scenes):
            raise ValueError(
                f'{splits}: image {numbers.max() + 1} is a test image, but '
                f'{path} has only {len(scenes)}'
            )
        self.numbers = {
            Pair(
                f'{scenes[i]}/rgb_{i:05d}.jpg',
                f'{scenes[i]}/sync_depth_{i:05d}.png',
            ): i
            for i in map(int, numbers)
        }

    def convert(self, pair: Pair, target: Path) -> bool:
        """Write one test pair; returns whether it was not there.

        Raises:
            OSError, ValueError: the file is broken, or no depth.
        """
        if all((target / name).exists() for name in pair):
            return False
        number = self.numbers[pair]
        image = self.images[number].T  # (480, 640, 3) RGB
        depth = self.depths[number].T * 1000.0
        if not (depth.min() >= 0 and depth.max() < 2**16):  # or NaN
            raise ValueError(
                f'{self.path}: raw depth of image {number} is from '
                f'{depth.min()} to {depth.max()} mm'
            )
        framed = np.zeros_like(image)
        framed[KEPT] = image[KEPT]
        for name, pixels in (
            (pair.rgb, cv2.cvtColor(framed, cv2.COLOR_RGB2BGR)),
            (pair.depth, depth.astype(np.uint16)),
        ):
            encoded = cv2.imencode(Path(name).suffix, pixels)[1]
            write_atomically(target / name, encoded.tobytes())
        return True
