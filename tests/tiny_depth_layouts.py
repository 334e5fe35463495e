"""A few pairs in the layouts of the depth benchmarks, at their own sizes."""

from pathlib import Path

import cv2
import numpy as np

SIZE_NYU = (480, 640)
SIZES_KITTI = ((375, 1242), (370, 1226))
SIZE_KB = (352, 1216)
SIZE_DDAD = (1216, 1936)
SIZES_SUN = ((530, 730), (427, 561))


def write_image(path, size, seed=0):
    """An image of random colour blobs; size is (height, width)."""
    rng = np.random.default_rng(seed)
    blobs = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.resize(blobs, size[::-1]))


def write_depth(path, size, farthest, scale=None, rotate=False, seed=0):
    """Depth of 1 m to `farthest`, a third of it missing; npz without scale."""
    rng = np.random.default_rng(seed)
    blobs = rng.uniform(1, farthest, (6, 8)).astype(np.float32)
    depth = cv2.resize(blobs, size[::-1])
    depth[rng.random(size) < 1 / 3] = 0
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if scale is None:
        np.savez(path, depth=depth)
        return
    raw = np.rint(depth * scale).astype(np.uint16)
    if rotate:
        raw = (raw << 3) | (raw >> 13)
    cv2.imwrite(str(path), raw)


def write_list(path, lines):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(''.join(f'{line}\n' for line in lines))


def make_nyu(root):
    """`root`/nyu: lists of the toolbox, training lines with a slash."""
    root = Path(root, 'nyu')
    for split, slash in (('train', '/'), ('test', '')):
        lines = []
        for i in range(2):
            scene = f'{split}_room_{i:04d}'
            image = f'{scene}/rgb_{i:05d}.jpg'
            depth = f'{scene}/sync_depth_{i:05d}.png'
            write_image(root / image, SIZE_NYU, i)
            write_depth(root / depth, SIZE_NYU, 9.5, 1000, seed=i)
            lines.append(f'{slash}{image} {slash}{depth} 518.8579')
        write_list(root / f'nyu_{split}.txt', lines)


def make_kitti_eigen(root):
    """`root`/kitti: two sizes; the second test image has no ground truth."""
    for split in ('train', 'test'):
        make_drives(Path(root, 'kitti'), 'eigen', split)


def make_kitti_official(root):
    """`root`/kitti: drives, and the devkit's folders of selected images."""
    root = Path(root, 'kitti')
    make_drives(root, 'official', 'train')
    selection = root / 'depth_selection'
    for i in range(2):
        image, depth = (
            f'2011_09_26_drive_0002_sync_{kind}_{i:010d}_image_02.png'
            for kind in ('image', 'groundtruth_depth')
        )
        folder = selection / 'val_selection_cropped'
        write_image(folder / 'image' / image, SIZE_KB, i)
        write_depth(
            folder / 'groundtruth_depth' / depth, SIZE_KB, 90, 256, seed=i
        )
        folder = selection / 'test_depth_prediction_anonymous'
        write_image(folder / 'image' / f'{i:010d}.png', SIZE_KB, i)


def make_drives(root, name, split):
    """Raw and annotated pairs; a test list's second one is not annotated."""
    lines = []
    for i, size in enumerate(SIZES_KITTI):
        drive = f'2011_09_26_drive_{i:04d}_sync'
        image = f'2011_09_26/{drive}/image_02/data/{i:010d}.png'
        truth = f'{drive}/proj_depth/groundtruth/image_02/{i:010d}.png'
        write_image(root / 'input' / image, size, i)
        write_depth(root / 'gt_depth' / truth, size, 70, 256, seed=i)
        if (split, i) == ('test', 1):
            truth = 'None'
        lines.append(f'{image} {truth} 721.5377')
    write_list(root / f'kitti_{name}_{split}.txt', lines)


def make_ddad(root):
    """`root`/ddad: the cameras that count and one that does not."""
    root = Path(root, 'ddad')
    for split in ('train', 'val'):
        lines = []
        for camera in ('CAMERA_01', 'CAMERA_05', 'CAMERA_07'):
            image = f'000150/rgb/{camera}/{split}0.png'
            depth = f'000150/depth/{camera}/{split}0.npz'
            write_image(root / image, SIZE_DDAD, 1)
            write_depth(root / depth, SIZE_DDAD, 180, seed=1)
            lines.append(f'{image} {depth}')
        write_list(root / f'ddad_{split}.txt', lines)


def make_sunrgbd(root):
    """`root`/sunrgbd: two sizes, the second one from NYU-Depth-V2."""
    make_nyu(root)
    root = Path(root, 'sunrgbd')
    lines = []
    for i, (folder, size) in enumerate(
        zip(('kv2/kinect2data', 'kv1/NYUdata'), SIZES_SUN, strict=True)
    ):
        folder = f'SUNRGBD/{folder}/{i:06d}'
        image = f'{folder}/image/{i:06d}.jpg'
        depth = f'{folder}/depth/{i:06d}.png'
        write_image(root / image, size, i)
        write_depth(root / depth, size, 9.5, 1000, rotate=True, seed=i)
        lines.append(f'{image} {depth}')
    write_list(root / 'SUNRGBD_val_splits.txt', lines)
