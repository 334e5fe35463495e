"""Writers of odd image files, and the pixels that they stand for."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image


class Picture(NamedTuple):
    """A kind of file.

    Attributes:
        ending: Of its name.
        made: In words.
        write: (path, RGB image (H,W,3) uint8) -> the pixels that are right,
            or None where only "the same everywhere" can be asked for.
        sure: A reader has to read it; else it may refuse.
    """

    ending: str
    made: str
    write: Callable[[Path, np.ndarray], np.ndarray | None]
    sure: bool = True


def pillow(mode: str, **options):
    """As Pillow writes a mode; right is what it converts back to."""

    def write(path: Path, image: np.ndarray) -> np.ndarray:
        picture = Image.fromarray(image).convert(mode)
        picture.save(path, **options)
        back = picture if mode != 'RGBA' else Image.fromarray(image)
        return np.asarray(back.convert('RGB'))

    return write


def lossy(mode: str, **options):
    """As `pillow`, but right is what the file decodes to."""

    def write(path: Path, image: np.ndarray) -> np.ndarray:
        Image.fromarray(image).convert(mode).save(path, **options)
        return np.asarray(Image.open(path).convert('RGB'))

    return write


def turned(tag: int, **options):
    """Stored so that EXIF orientation `tag` gives the image back."""
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[tag]

    def write(path: Path, image: np.ndarray) -> np.ndarray:
        exif = Image.Exif()
        exif[0x0112] = tag
        stored = Image.fromarray(np.ascontiguousarray(undo(image)))
        stored.save(path, exif=exif, **options)
        return image

    return write


def by_array(change: Callable, exact: bool = True):
    """As OpenCV writes an array made of the image."""

    def write(path: Path, image: np.ndarray) -> np.ndarray | None:
        array, right = change(image)
        assert cv2.imwrite(str(path), array)
        return right if exact else None

    return write


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _grey16(image):
    grey = _grey(image)
    return grey.astype(np.uint16) * 257, np.dstack([grey] * 3)


def _rgb16(image):
    return image[..., ::-1].astype(np.uint16) * 257, image


def _rgb12(image):
    return image[..., ::-1].astype(np.uint16) * 16, None


def _grey12(image):
    return _grey(image).astype(np.uint16) * 16, None


def _float01(image):
    return image[..., ::-1].astype(np.float32) / 255, None


def _float255(image):
    return image[..., ::-1].astype(np.float32), None


def _float_grey(image):
    return _grey(image).astype(np.float32) * 100, None


def _alpha0(image):
    alpha = np.zeros(image.shape[:2], np.uint8)
    return np.dstack([image[..., ::-1], alpha]), None


def pages(path: Path, image: np.ndarray) -> np.ndarray:
    first, second = Image.fromarray(image), Image.fromarray(255 - image)
    first.save(path, save_all=True, append_images=[second])
    return image


def misnamed(form: str):
    def write(path: Path, image: np.ndarray) -> np.ndarray:
        Image.fromarray(image).save(path, form)
        return image

    return write


def interlaced(path: Path, image: np.ndarray) -> np.ndarray:
    """By hand: Pillow writes none."""
    rows = []
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4))
    passes += ((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    for x, y, dx, dy in passes:
        rows += [b'\0' + row.tobytes() for row in image[y::dy, x::dx]]
    height, width = image.shape[:2]
    path.write_bytes(png(width, height, b''.join(rows), interlace=1))
    return image


def png(width, height, rows=b'', depth=8, colour=2, interlace=0) -> bytes:
    """A PNG of any header."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack('>I', zlib.crc32(name + data))
        return struct.pack('>I', len(data)) + name + data + check

    head = struct.pack(
        '>IIBBBBB', width, height, depth, colour, 0, 0, interlace
    )
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', head)
        + chunk(b'IDAT', zlib.compress(rows))
        + chunk(b'IEND', b'')
    )


def encoded(image: np.ndarray, form: str, **options) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, form, **options)
    return data.getvalue()


QUALITY = dict(quality=100, subsampling=0)
READABLE = {
    'rgb.png': Picture('.png', '8-bit RGB', pillow('RGB')),
    'rgba.png': Picture('.png', '8-bit RGB and opaque alpha', pillow('RGBA')),
    'clear.png': Picture(
        '.png', 'all transparent', by_array(_alpha0), sure=False
    ),
    'grey.png': Picture('.png', '8-bit grey', pillow('L')),
    'la.png': Picture('.png', '8-bit grey and alpha', pillow('LA')),
    'palette.png': Picture('.png', 'palette', pillow('P')),
    'bit.png': Picture('.png', '1 bit', pillow('1')),
    'grey16.png': Picture('.png', '16-bit grey', by_array(_grey16)),
    'grey12.png': Picture(
        '.png', '12 bits in 16-bit grey', by_array(_grey12), sure=False
    ),
    'rgb16.png': Picture('.png', '16-bit RGB', by_array(_rgb16)),
    'rgb12.png': Picture(
        '.png', '12 bits in 16-bit RGB', by_array(_rgb12), sure=False
    ),
    'interlaced.png': Picture('.png', 'Adam7', interlaced),
    'upper.PNG': Picture('.PNG', 'suffix in capitals', pillow('RGB')),
    'jpeg.png': Picture('.png', 'a BMP in truth', misnamed('BMP')),
    'webp.jpg': Picture('.jpg', 'a PNG in truth', misnamed('PNG')),
    'rgb.jpg': Picture('.jpg', 'baseline', lossy('RGB', **QUALITY)),
    'progressive.jpg': Picture(
        '.jpg', 'progressive', lossy('RGB', progressive=True, **QUALITY)
    ),
    'grey.jpg': Picture('.jpg', 'grey', lossy('L', quality=100)),
    'cmyk.jpg': Picture('.jpg', 'CMYK', lossy('CMYK', **QUALITY), sure=False),
    'rgb.jpeg': Picture('.jpeg', 'suffix .jpeg', lossy('RGB', **QUALITY)),
    'rgb.bmp': Picture('.bmp', '24 bits', pillow('RGB')),
    'palette.bmp': Picture('.bmp', 'palette', pillow('P')),
    'rgb.tif': Picture('.tif', '8-bit RGB', pillow('RGB')),
    'lzw.tiff': Picture('.tiff', 'LZW', pillow('RGB', compression='tiff_lzw')),
    'deflate.tif': Picture(
        '.tif', 'deflate', pillow('RGB', compression='tiff_adobe_deflate')
    ),
    'cmyk.tif': Picture('.tif', 'CMYK', pillow('CMYK'), sure=False),
    'pages.tif': Picture('.tif', 'two pages', pages, sure=False),
    'grey16.tif': Picture('.tif', '16-bit grey', by_array(_grey16)),
    'grey12.tif': Picture(
        '.tif', '12 bits in 16-bit grey', by_array(_grey12), sure=False
    ),
    'rgb16.tif': Picture('.tif', '16-bit RGB', by_array(_rgb16), sure=False),
    'rgb12.tif': Picture(
        '.tif', '200..3000 in 16-bit RGB', by_array(_rgb12), sure=False
    ),
    'float01.tif': Picture(
        '.tif', 'float32 of 0..1', by_array(_float01), sure=False
    ),
    'float255.tif': Picture(
        '.tif', 'float32 of 0..255', by_array(_float255), sure=False
    ),
    'float-grey.tif': Picture(
        '.tif', 'float32 grey to 25,500', by_array(_float_grey), sure=False
    ),
    'lossless.webp': Picture(
        '.webp', 'lossless', pillow('RGB', lossless=True)
    ),
    'lossy.webp': Picture('.webp', 'lossy', lossy('RGB', quality=95)),
    **{
        f'turned{tag}.jpg': Picture(
            '.jpg', f'EXIF orientation {tag}', turned(tag, **QUALITY)
        )
        for tag in range(1, 9)
    },
    'turned6.png': Picture('.png', 'EXIF orientation 6', turned(6), False),
    'turned3.tif': Picture('.tif', 'orientation 3', turned(3), False),
    'turned8.webp': Picture(
        '.webp', 'EXIF orientation 8', turned(8, lossless=True), False
    ),
}


def _cut(form: str, share: float, **options):
    def make(image: np.ndarray) -> bytes:
        data = encoded(image, form, **options)
        return data[: int(len(data) * share)]

    return make


def _bad_check(image: np.ndarray) -> bytes:
    data = bytearray(encoded(image, 'PNG'))
    data[-20] ^= 255
    return bytes(data)


def _hole(image: np.ndarray) -> bytes:
    data = bytearray(encoded(image, 'JPEG', quality=95))
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    return bytes(data)


# name -> (how it is made, its bytes of an image).
UNREADABLE = {
    'empty.png': ('no bytes', lambda image: b''),
    'text.jpg': ('text', lambda image: b'not a picture\n' * 20),
    'html.png': ('a web page', lambda image: b'<html>404</html>'),
    'cut50.jpg': ('half of a JPEG', _cut('JPEG', 0.5, quality=95)),
    'cut95.jpg': ('95 % of a JPEG', _cut('JPEG', 0.95, quality=95)),
    'cut50.png': ('half of a PNG', _cut('PNG', 0.5)),
    'cut90.png': ('90 % of a PNG', _cut('PNG', 0.9)),
    'cut50.tif': ('half of a TIFF', _cut('TIFF', 0.5)),
    'cut60.webp': ('60 % of a WebP', _cut('WEBP', 0.6, lossless=True)),
    'cut50.bmp': ('half of a BMP', _cut('BMP', 0.5)),
    'head.jpg': ('the first 20 bytes', lambda i: encoded(i, 'JPEG')[:20]),
    'check.png': ('a wrong check sum', _bad_check),
    'bomb.png': (
        'a header of 60000x60000, no pixels',
        lambda image: png(60000, 60000),
    ),
    'zeros.png': (
        'a header of 30000x30000, few pixels',
        lambda image: png(30000, 30000, bytes(10**6)),
    ),
    'size0.png': ('a header of 0x0', lambda image: png(0, 0)),
}
