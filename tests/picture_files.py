"""Picture files of many kinds, as bytes, and what they show."""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

HEIGHT, WIDTH = 37, 53


def make_rgb(height=HEIGHT, width=WIDTH, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(256, size=(6, 7, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


RGB = make_rgb()
GREY = np.ascontiguousarray(RGB[..., 0])
ALPHA = make_rgb(seed=1)[..., 0]
RGBA = np.dstack([RGB, ALPHA])
LOW_BITS = make_rgb(seed=2)
RGB16 = RGB.astype(np.uint16) * 256 + LOW_BITS
GREY16 = np.ascontiguousarray(RGB16[..., 0])


def exif(orientation, order='<'):
    """An Exif block of one tag."""
    mark = b'II' if order == '<' else b'MM'
    return b'Exif\0\0' + struct.pack(
        *(f'{order}2sHIHHHIHHI', mark, 42, 8, 1, 0x0112, 3, 1),
        *(orientation, 0, 0),
    )


def pillow(image, format, **options):
    """A file that Pillow writes of an array or its own picture."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def opencv(suffix, image, *options):
    return cv2.imencode(suffix, image, options)[1].tobytes()


def chunk(kind, data):
    check = struct.pack('>I', zlib.crc32(kind + data))
    return struct.pack('>I', len(data)) + kind + data + check


def png(rows, bits, colour, width=WIDTH, height=HEIGHT, more=b'', after=b''):
    """A PNG of filtered rows (bytes)."""
    size = struct.pack('>IIBBBBB', width, height, bits, colour, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', size)
        + more
        + chunk(b'IDAT', zlib.compress(rows))
        + after
        + chunk(b'IEND', b'')
    )


def png_rows(array):
    """Rows without filter, of 8 or (big-endian) 16 bits."""
    return b''.join(b'\0' + row.tobytes() for row in array)


def packed_grey(bits):
    """GREY's upper bits as a PNG of 1, 2 or 4 bits."""
    values = np.unpackbits(GREY[..., None], axis=2)[..., :bits]
    packed = np.packbits(values.reshape(HEIGHT, -1), axis=1)
    return png(png_rows(packed), bits, 0)


def tiff(array, order='<', planar=False, photometric=2, kind=1, extra=()):
    """An uncompressed TIFF, byte by byte; kind 2 signed, 3 float."""
    data = array.astype(array.dtype.newbyteorder(order))
    channels = data[..., None] if data.ndim == 2 else data
    count = channels.shape[2]
    strips = [channels[..., i] for i in range(count)] if planar else [data]
    strips = [strip.tobytes() for strip in strips]
    body, starts = b'', []
    for strip in strips:
        starts.append(8 + len(body))
        body += strip
    body += b'\0' * (len(body) % 2)
    height, width = array.shape[:2]
    bits = 8 * array.dtype.itemsize
    tags = [
        (256, 'I', [width]),
        (257, 'I', [height]),
        (258, 'H', [bits] * count),
        (259, 'H', [1]),
        (262, 'H', [photometric]),
        (273, 'I', starts),
        (277, 'H', [count]),
        (278, 'I', [height]),
        (279, 'I', [*map(len, strips)]),
        (284, 'H', [1 + planar]),
        (339, 'H', [kind] * count),
        *extra,
    ]
    entries, blob, first = b'', b'', 8 + len(body)
    for tag, code, values in sorted(tags):
        value = struct.pack(order + code * len(values), *values)
        if len(value) > 4:
            at = first + len(blob)
            blob += value + b'\0' * (len(value) % 2)
            value = struct.pack(order + 'I', at)
        kind_of = {'H': 3, 'I': 4}[code]
        entries += struct.pack(order + 'HHI', tag, kind_of, len(values))
        entries += value.ljust(4, b'\0')
    mark = b'II' if order == '<' else b'MM'
    return (
        mark
        + struct.pack(order + 'HI', 42, first + len(blob))
        + body
        + blob
        + struct.pack(order + 'H', len(tags))
        + entries
        + bytes(4)
    )


def turned(image, orientation):
    """What Pillow makes of an orientation."""
    methods = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    if orientation not in methods:
        return image
    return np.asarray(Image.fromarray(image).transpose(methods[orientation]))


def exact_files():
    """Name -> (file, RGB): what is stored without loss."""
    grey = np.dstack([GREY] * 3)
    palette = Image.fromarray(RGB).quantize(200)
    shown = np.asarray(palette.convert('RGB'))
    small = Image.fromarray(RGB).quantize(4)
    black = np.asarray(Image.fromarray(GREY).convert('1'))
    two = np.dstack([black * np.uint8(255)] * 3)
    files = {
        'palette.png': (pillow(palette, 'PNG'), shown),
        'clear.png': (pillow(palette, 'PNG', transparency=3), shown),
        'palette2.png': (
            pillow(small, 'PNG', bits=2),
            np.asarray(small.convert('RGB')),
        ),
        'grey-alpha.png': (pillow(np.dstack([GREY, ALPHA]), 'PNG'), grey),
        'grey16.png': (opencv('.png', GREY16), grey),
        'grey-alpha16.png': (
            png(
                png_rows(np.dstack([GREY16, GREY16[::-1]]).astype('>u2')),
                16,
                4,
            ),
            grey,
        ),
        'rgb16.png': (opencv('.png', RGB16[..., ::-1]), RGB),
        'rgba16.png': (
            opencv('.png', np.dstack([RGB16[..., ::-1], GREY16])),
            RGB,
        ),
        'exif-after.png': (
            png(png_rows(RGB), 8, 2, after=chunk(b'eXIf', exif(6)[6:])),
            turned(RGB, 6),
        ),
        'planes.tif': (tiff(RGB, planar=True), RGB),
        'big16.tif': (tiff(RGB16, '>'), RGB),
        'grey16.tif': (pillow(GREY16, 'TIFF'), grey),
        'big-grey16.tif': (tiff(GREY16, '>', photometric=1), grey),
        'white0.tif': (tiff(255 - GREY, photometric=0), grey),
        'palette.tif': (pillow(palette, 'TIFF'), shown),
        'fax.tif': (
            pillow(Image.fromarray(black), 'TIFF', compression='group4'),
            two,
        ),
        'one.png': (pillow(Image.fromarray(black), 'PNG'), two),
        'one.bmp': (pillow(Image.fromarray(black), 'BMP'), two),
        'palette.bmp': (pillow(palette, 'BMP'), shown),
        'alpha.webp': (pillow(RGBA, 'WEBP', lossless=True, exact=True), RGB),
        'palette.gif': (pillow(palette, 'GIF'), shown),
        'grey16.jp2': (pillow(GREY16, 'JPEG2000'), grey),
        'rgb.ppm': (pillow(RGB, 'PPM'), RGB),
    }
    for bits in (1, 2, 4):
        levels = GREY >> (8 - bits)
        wanted = levels * np.uint8(255 // (2**bits - 1))
        files[f'grey{bits}.png'] = (packed_grey(bits), np.dstack([wanted] * 3))
    for name, format in (('png', 'PNG'), ('tif', 'TIFF'), ('bmp', 'BMP')):
        files[f'rgb.{name}'] = (pillow(RGB, format), RGB)
        files[f'rgba.{name}'] = (pillow(RGBA, format), RGB)
        files[f'grey.{name}'] = (pillow(GREY, format), grey)
    for method in ('tiff_lzw', 'tiff_adobe_deflate', 'packbits'):
        files[f'{method}.tif'] = (pillow(RGB, 'TIFF', compression=method), RGB)
    for number in (5, 8):  # LZW and deflate
        data = opencv('.tiff', RGB16[..., ::-1], 259, number)
        files[f'rgb16-{number}.tif'] = (data, RGB)
    for i in range(10):  # 0 and 9 mean nothing
        wanted = turned(RGB, i)
        data = pillow(RGB, 'PNG', exif=exif(i, '<>'[i % 2])[6:])
        files[f'turned{i}.png'] = (data, wanted)
        data = pillow(RGB, 'WEBP', lossless=True, exif=exif(i))
        files[f'turned{i}.webp'] = (data, wanted)
        files[f'turned{i}.tif'] = (
            pillow(RGB, 'TIFF', tiffinfo={274: i}),
            wanted,
        )
    return files


def lossy_files():
    """Name -> file: what a decoder has a say in."""
    files = {
        f'subsampled{i}.jpg': pillow(RGB, 'JPEG', subsampling=i)
        for i in range(3)
    }
    for i in range(10):
        files[f'turned{i}.jpg'] = pillow(
            RGB, 'JPEG', exif=exif(i, '<>'[i % 2])
        )
    xmp = b'<x:xmpmeta><rdf tiff:Orientation="6"/></x:xmpmeta>'
    second = [Image.fromarray(RGB[::-1].copy())]
    return {
        **files,
        'xmp.jpg': pillow(RGB, 'JPEG', xmp=xmp),
        'progressive.jpg': pillow(RGB, 'JPEG', progressive=True),
        'grey.jpg': pillow(GREY, 'JPEG'),
        'rgb.jpg': pillow(RGB, 'JPEG', keep_rgb=True),
        'trailing.jpg': pillow(RGB, 'JPEG') + b'\xff\xda' + bytes(99),
        'camera.mpo': pillow(RGB, 'MPO', save_all=True, append_images=second),
        'lossy.webp': pillow(RGB, 'WEBP'),
    }


def refused_files():
    """Name -> (file, part of the error)."""
    other = [Image.fromarray(RGB[::-1].copy())]
    several = dict(save_all=True, append_images=other)
    signed = GREY16.astype(np.int16)
    floats = GREY.astype(np.float32) / 255
    camera = (GREY16 >> 4).astype(np.uint16)  # 12 bits
    number = np.uint16(200) + GREY.astype(np.uint16) * 11  # 200..3005
    return {
        'float.tif': (pillow(floats, 'TIFF'), 'mode F|F; scale'),
        'float3.tif': (
            opencv('.tiff', np.float32(RGB)),
            'identify|of a kind',
        ),
        'double.tif': (
            tiff(np.float64(GREY), photometric=1, kind=3),
            'of a kind|identify',
        ),
        'int.tif': (pillow(np.int32(GREY16), 'TIFF'), 'mode I|I; scale'),
        'signed.tif': (tiff(signed, photometric=1, kind=2), 'mode I|I; scale'),
        'planes16.tif': (tiff(RGB16, planar=True), 'planes|RGB; scale'),
        'white0-16.tif': (tiff(GREY16, photometric=0), 'white|I;16; scale'),
        'five.tif': (
            tiff(np.dstack([RGB, RGBA[..., :2]]), extra=[(338, 'H', [0, 0])]),
            '5 channels|more than four',
        ),
        'pages.tif': (pillow(RGB, 'TIFF', **several), 'pictures in one'),
        'moving.webp': (pillow(RGB, 'WEBP', **several), 'pictures in one'),
        'moving.gif': (pillow(RGB, 'GIF', **several), 'pictures in one'),
        'moving.png': (pillow(RGB, 'PNG', **several), 'pictures in one'),
        'rgb16.jp2': (opencv('.jp2', RGB16), '[Ss]cale the values'),
        'grey16.pgm': (pillow(GREY16, 'PPM'), '[Ss]cale the values'),
        'rgb16.ppm': (opencv('.ppm', RGB16), '[Ss]cale the values'),
        'light.hdr': (opencv('.hdr', floats), 'not of a kind|identify'),
        'camera.tif': (pillow(camera, 'TIFF'), 'dark'),
        'camera.png': (opencv('.png', camera), 'dark'),
        'dark.tif': (tiff(np.dstack([number] * 3)), 'dark'),
        'dark.png': (opencv('.png', np.dstack([number] * 3)), 'dark'),
        'text.jpg': (b'no image', 'not of a kind|identify'),
        'empty.png': (b'', r'0 bytes'),
    }
