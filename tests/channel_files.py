"""Images of many channels as TIFF files, and small data sets of them."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = dict(u=1, i=2, f=3)
CLASSES = ('road', 'grass', 'other')


def tiff_bytes(image, planes=False, pages=False, rows=None, deflate=False,
               order='<', **tags):  # fmt: skip
    """A TIFF of (H, W, N) values, in the given order of bytes.

    Args:
        image: of any numbers.
        planes: channels one after the other, else side by side.
        pages: each channel is a page.
        rows: of a strip; all by default.
        deflate: compress the strips.
        order: '<' or '>'.
        **tags: more of them, or others, as t274=6.
    """
    pictures = [image]
    if pages:
        pictures = [image[..., i : i + 1] for i in range(image.shape[2])]
    data = bytearray(b'II*\0' if order == '<' else b'MM\0*') + bytes(4)
    link = 4
    for picture in pictures:
        height, width, channels = picture.shape
        parts = [picture]
        if planes:
            parts = [picture[..., i] for i in range(channels)]
        step = rows or height
        strips = [
            part[top : top + step].astype(part.dtype.newbyteorder(order))
            for part in parts
            for top in range(0, height, step)
        ]
        blobs = [s.tobytes() for s in strips]
        blobs = [zlib.compress(b) for b in blobs] if deflate else blobs
        starts = []
        for blob in blobs:
            starts.append(len(data))
            data += blob
        entries = {
            **{256: [width], 257: [height]},
            258: [8 * picture.dtype.itemsize] * channels,
            **{259: [8 if deflate else 1], 262: [1]},
            **{273: starts, 277: [channels], 278: [step]},
            279: [len(b) for b in blobs],
            284: [2 if planes else 1],
            339: [KINDS[picture.dtype.kind]] * channels,
            **{int(key[1:]): [value] for key, value in tags.items()},
        }
        lists = {}
        for key, values in entries.items():
            if len(values) > 1:
                lists[key] = len(data)
                data += struct.pack(f'{order}{len(values)}I', *values)
        data[link : link + 4] = struct.pack(f'{order}I', len(data))
        data += struct.pack(f'{order}H', len(entries))
        for key, values in sorted(entries.items()):
            value = lists.get(key, values[0])
            data += struct.pack(f'{order}HHII', key, 4, len(values), value)
        link = len(data)
        data += bytes(4)
    return bytes(data)


def write_tiff(path, image, **options):
    """See `tiff_bytes`; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiff_bytes(image, **options))
    return path


def noise(channels, dtype='uint16', size=(48, 64), seed=0):
    """(H, W, N) random values up to 3000, or 255."""
    rng = np.random.default_rng(seed)
    top = 256 if dtype == 'uint8' else 3000
    return rng.uniform(0, top, (*size, channels)).astype(dtype)


def write_segmentation(root: Path, channels=5, dtype='uint16', num=2):
    """`root`/images/NAME.tif, labels/NAME.png with ids 0 to 2."""
    (root / 'labels').mkdir(parents=True)
    for i in range(num):
        image = noise(channels, dtype, seed=i)
        write_tiff(root / f'images/{i}.tif', image)
        ids = np.random.default_rng(i).integers(0, 3, (6, 8), np.uint8)
        label = Image.fromarray(np.kron(ids, np.ones((8, 8), np.uint8)))
        label.save(root / f'labels/{i}.png')
    return root


def write_depth(root: Path, channels=4, dtype='float32', num=2):
    """`root`/rgb/NAME.npy, depth/NAME.png (mm) and train.txt."""
    for name in ('rgb', 'depth'):
        (root / name).mkdir(parents=True)
    for i in range(num):
        np.save(root / f'rgb/{i}.npy', noise(channels, dtype, seed=i))
        values = np.random.default_rng(i).integers(500, 9000, (48, 64))
        depth = Image.fromarray(values.astype(np.uint16))
        depth.save(root / f'depth/{i}.png')
    lines = [f'rgb/{i}.npy depth/{i}.png\n' for i in range(num)]
    (root / 'train.txt').write_text(''.join(lines))
    return root
