"""What a picture's file says before anything is decoded: size, whole or cut.

Sizes are checked here, so that a file of a few bytes does not fill the
memory, and a picture from a satellite is no bomb because it is large.
"""

import math
import os
from collections.abc import Iterator, Sequence
from io import SEEK_END, BytesIO
from typing import IO, Literal, NamedTuple

import cv2
import numpy as np

LIMIT = 'OPENCV_IO_MAX_IMAGE_PIXELS'  # OpenCV's own, and its value
DEFAULT_LIMIT = 2**30
# What a byte holds at most. JPEG: eight blocks of 64; PNG: deflate's 1032
# bytes of eight pixels; WebP: a picture of one colour has no more than a
# header; others: blank pages as faxes store them.
PIXELS_PER_BYTE = {'JPEG': 512, 'MPO': 512, 'PNG': 8 * 1032, 'WEBP': 2**28}
OTHER_PIXELS_PER_BYTE = 100_000
JPEG_START = b'\xff\xd8\xff'
JPEG_2000_SIZE = b'\xff\x4f\xff\x51'
JPEG_END = b'\xff\xd9'
TIFF_STARTS = (b'II*\0', b'MM\0*')
PNG_START = b'\x89PNG\r\n\x1a\n'


class Header(NamedTuple):
    """What a JPEG or PNG says of itself.

    Attributes:
        format: as Pillow names it.
        size: (width, height) as stored, not turned.
        plain: OpenCV decodes it as it should be.
        frames: 1, or how many an animation has.
    """

    format: str
    size: tuple[int, int]
    plain: bool
    frames: int = 1


def read_header(content: bytes, name: str) -> Header | None:
    """Read the header of a JPEG or PNG; None for other formats.

    Of TIFF and JPEG 2000 it is only looked whether they end as they should:
    Pillow makes do with half of the tags, or of the details.

    Args:
        content: of the file.
        name: of the file, for errors.

    Raises:
        ValueError: an empty file, or one that was cut short.
    """
    if not content:
        raise ValueError(f'{name}: unreadable image (an empty file, 0 bytes)')
    if content.startswith(JPEG_START):
        return _read_jpeg(content, name)
    if content.startswith(PNG_START):
        return _read_png(content, name)
    cut = ''
    if content[:4] in TIFF_STARTS:
        order: Literal['little', 'big'] = (
            'little' if content[:2] == b'II' else 'big'
        )
        at = int.from_bytes(content[4:8], order)
        entries = int.from_bytes(content[at : at + 2], order)
        if at + 2 + 12 * entries + 4 > len(content):
            cut = 'TIFF ends after {} bytes without its table of tags'
    elif JPEG_2000_SIZE in content[:1000] and JPEG_END not in content:
        cut = 'JPEG 2000 ends after {} bytes without an end marker'
    if cut:
        raise ValueError(
            f'{name}: unreadable image (cut short: this '
            f'{cut.format(len(content))}). Copy it again'
        )
    return None


def check_pixels(
    shape: Sequence[int], format: str | None, num_bytes: int, name: str
) -> None:
    """Refuse a size before anything of that size is made.

    Args:
        shape: (width, height).
        format: as Pillow names it.
        num_bytes: of the file.
        name: of the file, for errors.

    Raises:
        ValueError: more pixels than the file can hold, or than allowed.
    """
    pixels = math.prod(map(int, shape))
    shown = 'x'.join(map(str, shape))
    each = PIXELS_PER_BYTE.get(format or '', OTHER_PIXELS_PER_BYTE)
    if pixels > each * num_bytes:
        raise ValueError(
            f'{name}: the header claims {shown} pixels, more than {num_bytes} '
            'bytes can hold. The file is damaged, or made to fill the memory'
        )
    check_limit(pixels, f'{name}: {shown} pixels')


def check_limit(number: int, what: str) -> None:
    """Refuse more pixels than OpenCV reads, by its own setting.

    Raises:
        ValueError: begins with `what` and says how to allow them.
    """
    text = os.environ.get(LIMIT, str(DEFAULT_LIMIT))
    if not text.isdecimal():
        raise ValueError(
            f'{LIMIT}={text!r} in the environment, wanted a number of pixels'
        )
    if number > int(text):
        raise ValueError(
            f'{what}, more than the limit of {text}. If the file is what you '
            f'want, set {LIMIT}={number} in the environment'
        )


def turn(image: np.ndarray, orientation: int) -> np.ndarray:
    """An image (H, W, ...) as its Exif orientation says, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return image


def png_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk that is whole; not the data of pixels."""
    file.seek(0, SEEK_END)
    end, at = file.tell(), len(PNG_START)
    while at + 12 <= end:
        file.seek(at)
        start = file.read(8)
        length, kind = int.from_bytes(start[:4], 'big'), start[4:]
        at += 12 + length
        if at > end:
            return
        yield kind, b'' if kind == b'IDAT' else file.read(length)


def _read_png(content: bytes, name: str) -> Header:
    """Chunk by chunk to the end."""
    found = dict(png_chunks(BytesIO(content)))
    first = found.get(b'IHDR', b'')
    if b'IEND' not in found or len(first) < 9:
        raise ValueError(
            f'{name}: unreadable image (cut short: this PNG ends after '
            f'{len(content)} bytes without its end, IEND). Copy it again'
        )
    size = int.from_bytes(first[:4], 'big'), int.from_bytes(first[4:8], 'big')
    frames = int.from_bytes(found.get(b'acTL', b'\0\0\0\1')[:4], 'big')
    plain = first[8] <= 8 and b'eXIf' not in found
    return Header('PNG', size, plain, frames)


def _read_jpeg(content: bytes, name: str) -> Header:
    """Marker by marker to the first scan, then the end."""
    at, frame, marker = 2, b'', 0
    progressive = plain = False
    while marker not in (0xD9, 0xDA):
        at = content.find(b'\xff', at)
        if at < 0 or at + 4 > len(content):
            break
        marker = content[at + 1]
        if marker == 0xFF:  # a filling byte
            at += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 2  # nothing follows these
        elif marker != 0xD9:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                frame = content[at + 4 : at + 10]
                progressive = marker == 0xC2
                plain = marker <= 0xC2 and frame[0] == 8
            at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
    if len(frame) < 6:
        raise ValueError(
            f'{name}: unreadable image (cut short or damaged: a JPEG of '
            f'{len(content)} bytes without a picture). Copy it again'
        )
    size = (
        int.from_bytes(frame[3:5], 'big'),
        int.from_bytes(frame[1:3], 'big'),
    )
    # In a scan 0xFF 0xD9 does not occur; that of a thumbnail lies before it.
    if content.rfind(JPEG_END, at) < 0:
        there = ''
        if plain and not progressive and math.prod(size) < DEFAULT_LIMIT // 8:
            there = f'about {_count_rows(content)} of {size[1]} rows; '
        raise ValueError(
            f'{name}: unreadable image (cut short: {there}this JPEG ends '
            f'after {len(content)} bytes without an end marker). Copy it again'
        )
    return Header('JPEG', size, plain and frame[5] in (1, 3))


def lacks_data(content: bytes, image: np.ndarray) -> bool:
    """Whether a JPEG ends, by an end marker, before its last row.

    What is not there comes out as 128, up to a corner. Then the file is
    decoded once more with bytes before the end: if they change the picture,
    the decoder was waiting for them.

    Args:
        content: of the file.
        image: (H, W, 3), decoded from it.
    """
    height, width = image.shape[:2]
    corners = image[:: max(1, height - 1), :: max(1, width - 1)]
    if not (corners == 128).all(axis=-1).any():
        return False
    at = content.rfind(JPEG_END)
    more = content[:at] + b'Z' * 99 + content[at:]
    other = cv2.imdecode(np.frombuffer(more, np.uint8), cv2.IMREAD_COLOR)
    return other is not None and not np.array_equal(image, other)


def _count_rows(content: bytes) -> int:
    """How many rows of a JPEG are there; the rest comes out as 128."""
    data = np.frombuffer(content.rstrip(b'\0') + JPEG_END, np.uint8)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(data, flags)
    if image is None:
        return 0
    rows = np.flatnonzero((image != 128).any((1, 2)))
    return int(rows[-1]) + 1 if rows.size else 0
