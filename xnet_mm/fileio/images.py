"""The one reader of pictures: any supported file in, 8-bit BGR out.

What JPEGs and 8-bit PNGs hold is what OpenCV reads, fast. All else is
Pillow's, because OpenCV multiplies TIFF's colours by alpha and rounds 16
bits in two ways. `tools/predict_exported.py`, which has no OpenCV, carries
the same rules; a test holds the two together.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from .image_headers import (
    JPEG_2000_SIZE,
    TIFF_STARTS,
    check_pixels,
    lacks_data,
    png_chunks,
    read_header,
    turn,
)
from .pillow_images import (
    DEEP,
    NO_COLOURS,
    ORIENTATION,
    OTHERS,
    as_rgb,
    check_dark,
    is_deep_grey,
)
from .text import read_bytes

# No others: for some Pillow starts a program (Ghostscript).
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TIFF', 'WEBP')


def read_image(path: str | Path) -> np.ndarray:
    """A picture as (H, W, 3) uint8 BGR.

    It is turned as its Exif or TIFF orientation says; transparency is
    dropped; of 16 bits the upper eight are kept.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no picture, damaged, cut short; several pictures in one
            file; float or 32-bit values, or 16-bit ones that use 14 bits or
            fewer and would come out dark; more pixels than the file can
            hold, or than OPENCV_IO_MAX_IMAGE_PIXELS.
    """
    return decode_image(read_bytes(path, 'image'), str(path))


def decode_image(content: bytes, name: str) -> np.ndarray:
    """`read_image` of what a file holds.

    Args:
        content: of the file.
        name: of the file, for errors.

    Raises:
        ValueError: as `read_image`.
    """
    header = read_header(content, name)
    if header and header.plain and header.frames == 1:
        check_pixels(header.size, header.format, len(content), name)
        try:
            data = np.frombuffer(content, np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        if image is not None:
            if header.format == 'JPEG' and lacks_data(content, image):
                raise ValueError(
                    f'{name}: unreadable image (cut short: this JPEG ends '
                    'before its last row). Copy it again'
                )
            return image
    image = _decode_with_pillow(content, name)
    return np.ascontiguousarray(image[..., ::-1])


def check_picture(content: bytes, name: str) -> int:
    """Look at the header for a reader of values other than colours.

    A format that is not known here passes.

    Returns:
        The orientation, 1 to 8; 1 for a TIFF, which decoders turn.

    Raises:
        ValueError: cut short, or too many pixels.
    """
    read_header(content, name)
    with no_pillow_limit():
        try:
            picture = Image.open(BytesIO(content), formats=FORMATS)
        except Exception:
            return 1
        check_pixels(picture.size, picture.format, len(content), name)
        return orientation_of(picture)


def read_size(path: str | Path) -> tuple[int, int]:
    """(width, height) of what `read_image` gives, from the header alone.

    Nothing is decoded, so there is no limit.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no picture.
    """
    with open_header(path) as picture:
        width, height = picture.size
        turned = orientation_of(picture) >= 5
        return (height, width) if turned else (width, height)


@contextmanager
def open_header(path: str | Path) -> Iterator[Image.Image]:
    """A file as Pillow's picture, of which the header was read.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no picture.
    """
    path = Path(path)
    if not path.is_file():
        read_bytes(path, 'image')  # says what it is
    with no_pillow_limit():
        try:
            picture = Image.open(path, formats=FORMATS)
        except Exception as error:
            raise ValueError(_unreadable(str(path), error)) from None
        with picture:
            yield picture


@contextmanager
def open_picture(path: str | Path) -> Iterator[Image.Image]:
    """`open_header` of what is decoded next, of label maps say.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no picture, or too many pixels.
    """
    with open_header(path) as picture:
        num_bytes = Path(path).stat().st_size
        check_pixels(picture.size, picture.format, num_bytes, str(path))
        yield picture


_users, _lock = [0], threading.Lock()
_pillows_limit = [Image.MAX_IMAGE_PIXELS]


@contextmanager
def no_pillow_limit() -> Iterator[None]:
    """Pillow's limit of 179 million pixels off, which all threads share.

    Satellite pictures are larger, and a header needs no limit; before
    decoding `check_pixels` stands in its place.
    """
    with _lock:
        if not _users[0]:
            _pillows_limit[0] = Image.MAX_IMAGE_PIXELS
            Image.MAX_IMAGE_PIXELS = None
        _users[0] += 1
    try:
        yield
    finally:
        with _lock:
            _users[0] -= 1
            if not _users[0]:
                Image.MAX_IMAGE_PIXELS = _pillows_limit[0]


def _decode_with_pillow(content: bytes, name: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    with no_pillow_limit():
        try:
            picture = Image.open(BytesIO(content), formats=FORMATS)
        except Exception as error:
            more = OTHERS if content[:4] in TIFF_STARTS else ''
            raise ValueError(_unreadable(name, error) + more) from None
        check_pixels(picture.size, picture.format, len(content), name)
        try:
            wrong = _unsupported(picture, content)
            if not wrong:
                is_deep = _is_deep(picture, content)
                picture.load()
                orientation = orientation_of(picture)
                if is_deep_grey(picture):
                    is_deep = bool(np.asarray(picture).any())
                image = as_rgb(picture)
        except Exception as error:  # Pillow's are of many kinds
            raise ValueError(_unreadable(name, error)) from None
    if wrong:
        more = OTHERS if picture.format == 'TIFF' else ''
        raise ValueError(f'{name}: {wrong}{more}')
    if is_deep:
        check_dark(image, name)
    return turn(image, orientation)


def _unsupported(picture: Image.Image, content: bytes) -> str:
    """What forbids to read a picture, or nothing; before it is decoded."""
    if picture.mode in NO_COLOURS:
        return f'float, signed or 32-bit values (mode {picture.mode}). {DEEP}'
    frames = getattr(picture, 'n_frames', 1)
    if picture.format == 'TIFF':
        frames = _count_pages(picture, frames)
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if tags.get(277, 1) > 4:
            return f'{tags[277]} channels, wanted at most 4. Save three'
        planes = tags.get(284) == 2 or tags.get(262) == 0
        if max(tags.get(258, (1,))) > 8 and planes:
            return f'16 bits in planes, or with 0 as white. {DEEP}'
    elif picture.format == 'JPEG2000':
        at = content.find(JPEG_2000_SIZE) + 42  # of the first channel
        if picture.mode != 'I;16' and content[at] & 0x7F > 7:
            return f'a JPEG 2000 of more than 8 bits in colour. {DEEP}'
    elif picture.format == 'PPM':
        found = re.match(rb'P[2356]\s+(?:#.*\s+)*(\d+\s+){3}', content)
        if found and int(found[1]) > 255:
            return f'{int(found[1])} as the largest value. {DEEP}'
    if frames > 1 and picture.format != 'MPO':  # a camera's: with a preview
        return f'{frames} pictures in one file. Save the one that is meant'
    return ''


def _count_pages(picture: Image.Image, frames: int) -> int:
    """Pages of a TIFF, without previews of less resolution and masks."""
    pages = 0
    for number in range(frames):
        picture.seek(number)
        kind = picture.tag_v2.get(254, 0)  # type: ignore[attr-defined]
        pages += not kind & 0b101
        if pages > 1:
            break
    picture.seek(0)
    return frames if pages > 1 else 1


def _is_deep(picture: Image.Image, content: bytes) -> bool:
    """Whether colours have 16 bits, of which Pillow keeps the upper ones."""
    if picture.format == 'TIFF':
        tags = picture.tag_v2  # type: ignore[attr-defined]
        return max(tags.get(258, (1,))) > 8
    return picture.format == 'PNG' and content[24] > 8


def orientation_of(picture: Image.Image) -> int:
    """1 to 8, by Exif alone as OpenCV has it; Pillow turns TIFF itself."""
    if picture.format == 'TIFF':
        return 1
    exif = Image.Exif()
    data = picture.info.get('exif', b'')
    if not data and isinstance(picture, PngImageFile) and picture.fp:
        # It may follow the pixels, which Pillow would decode first.
        data = dict(png_chunks(picture.fp)).get(b'eXIf', b'')
    try:
        exif.load(data)
    except Exception:  # a damaged one says nothing
        return 1
    found: object = exif.get(ORIENTATION)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _unreadable(name: str, error: Exception) -> str:
    """What is wrong with a file that Pillow does not read."""
    if isinstance(error, UnidentifiedImageError):
        return (
            f'{name}: unreadable image (damaged, or not of a kind that is '
            f'read: {", ".join(FORMATS)} of 8 or 16 bits)'
        )
    return f'{name}: unreadable image ({error or type(error).__name__})'
