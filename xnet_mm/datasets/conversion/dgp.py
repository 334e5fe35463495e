"""Reader of the Dataset Governance Policy format, in which DDAD comes.

A scene is a folder with `scene_*.json` (what was recorded when and from
where), `calibration/*.json`, pictures and LiDAR sweeps. A sample of it is
one sweep and the pictures that belong to it. Poses lead from a sensor to the
world, and every file has its own, at its own time: the car moves between the
sweep and the picture. Format: https://github.com/TRI-ML/dgp
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...checks import check_camera
from ..array_files import read_array

LIDAR = 'LIDAR'
SPLITS = {'0': 'train', '1': 'val', '2': 'test', '3': 'train_overfit'}


@dataclass(frozen=True)
class Sweep:
    """One LiDAR file.

    Attributes:
        path: npz with the array `data`, (N, channels), or a single one.
        channels: what the columns are, 'X', 'Y', 'Z' among them.
        pose: (4, 4), from the LiDAR to the world.
    """

    path: Path
    channels: tuple[str, ...]
    pose: np.ndarray

    def load(self) -> np.ndarray:
        """Points (N, 3) in the frame of the LiDAR, metres; no NaN.

        Raises:
            FileNotFoundError: no such file.
            ValueError: broken, or without coordinates.
        """
        if not self.path.is_file():
            raise FileNotFoundError(f'{self.path}: no such LiDAR sweep')
        try:
            columns = [self.channels.index(axis) for axis in 'XYZ']
            points = read_array(self.path, 'data')[:, columns]
        except Exception as error:  # zipfile, zlib and numpy raise their own
            raise ValueError(
                f'{self.path}: unreadable LiDAR sweep with channels '
                f'{self.channels} ({error})'
            ) from None
        points = points.astype(np.float64)
        return points[np.isfinite(points).all(axis=1)]


@dataclass(frozen=True)
class CameraImage:
    """One picture.

    Attributes:
        camera: 'CAMERA_01', ...
        path: of the picture.
        shape: (height, width).
        intrinsics: (fx, fy, cx, cy), pixels.
        pose: (4, 4), from the camera to the world.
    """

    camera: str
    path: Path
    shape: tuple[int, int]
    intrinsics: tuple[float, float, float, float]
    pose: np.ndarray


@dataclass(frozen=True)
class Sample:
    """A sweep and the pictures taken during it."""

    sweep: Sweep
    images: tuple[CameraImage, ...]


def read_splits(path: Path) -> dict[str, list[Path]]:
    """Scene files of a data set.

    Args:
        path: the data set's JSON (`ddad.json`), its folder, or the JSON of
            a single scene, which then counts as 'val'.

    Returns:
        Paths of the scenes' JSON files by split: 'train', 'val', ...

    Raises:
        FileNotFoundError: no such file, or not one such file in the folder.
        ValueError: JSON, but of something else.
    """
    path = Path(path)
    if path.is_dir():
        found = [
            p
            for p in sorted(path.glob('*.json'))
            if 'scene_splits' in _load(p)
        ]
        if len(found) != 1:
            raise FileNotFoundError(
                f'{path}: wanted one JSON of a DGP data set (with '
                '`scene_splits`, in DDAD `ddad.json`) in the folder, found '
                f'{", ".join(p.name for p in found) or "none"}. Name the '
                'file itself, or the scene_*.json of one scene'
            )
        path = found[0]
    content = _load(path)
    if 'samples' in content:
        return {'val': [path]}
    if 'scene_splits' not in content:
        raise ValueError(
            f'{path}: has neither `scene_splits` (a DGP data set) nor '
            '`samples` (a DGP scene)'
        )
    return {
        SPLITS.get(split, split): [
            path.parent / f for f in scenes['filenames']
        ]
        for split, scenes in content['scene_splits'].items()
    }


def read_scene(path: Path) -> list[Sample]:
    """The samples of a scene; no picture and no sweep is opened.

    Args:
        path: of its `scene_*.json`.

    Raises:
        FileNotFoundError: it or a calibration is not there.
        ValueError: it or a calibration is not as the format has it.
    """
    scene = _load(path)
    folder = Path(path).parent
    try:
        data = {datum['key']: datum for datum in scene['data']}
        keys = {sample['calibration_key'] for sample in scene['samples']}
        calibrations = {
            key: _read_calibration(folder / 'calibration' / f'{key}.json')
            for key in keys
        }
        return [
            _read_sample(
                [data[key] for key in sample['datum_keys']],
                calibrations[sample['calibration_key']],
                folder,
            )
            for sample in scene['samples']
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{path}: not a DGP scene ({type(error).__name__}: {error})'
        ) from error


def pose_matrix(pose: dict) -> np.ndarray:
    """(4, 4) of a pose with a `rotation` (quaternion) and `translation`."""
    q, t = pose['rotation'], pose['translation']
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(
        [q['qx'], q['qy'], q['qz'], q['qw']]
    ).as_matrix()
    matrix[:3, 3] = t['x'], t['y'], t['z']
    return matrix


def _read_sample(data: list[dict], cameras: dict, folder: Path) -> Sample:
    """A sample of the entries of its files."""
    images = []
    sweep = None
    for entry in data:
        name = entry['id']['name']
        kind, datum = next(iter(entry['datum'].items()))
        if kind == 'image':
            images.append(
                CameraImage(
                    camera=name,
                    path=folder / datum['filename'],
                    shape=(datum['height'], datum['width']),
                    intrinsics=check_camera(
                        cameras[name], f'{folder}: {name}'
                    ),
                    pose=pose_matrix(datum['pose']),
                )
            )
        elif kind == 'point_cloud' and name == LIDAR:
            sweep = Sweep(
                path=folder / datum['filename'],
                channels=tuple(datum['point_format']),
                pose=pose_matrix(datum['pose']),
            )
    if sweep is None:
        raise KeyError(f'{LIDAR} in a sample')
    return Sample(sweep, tuple(images))


def _read_calibration(path: Path) -> dict[str, tuple[float, ...]]:
    """(fx, fy, cx, cy) by the sensor's name."""
    content = _load(path)
    if any(k.get('skew') for k in content['intrinsics']):
        raise ValueError(f'{path}: a camera with skew, which is not handled')
    return {
        name: (k['fx'], k['fy'], k['cx'], k['cy'])
        for name, k in zip(
            content['names'], content['intrinsics'], strict=True
        )
    }


def _load(path: Path) -> dict:
    """The object in a JSON file."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such file')
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path}: not JSON ({error})') from None
    if not isinstance(content, dict):
        raise ValueError(f'{path}: wanted a JSON object')
    return content
