"""TIFF files of any number of channels, 8 to 64 bits, integers or floats.

Pillow reads one, three or four channels of 8 bits, OpenCV one, three or four;
satellites have twelve. Here are strips and tiles, channels side by side, in
planes or as pages, either order of bytes, BigTIFF, and the compressions that
work on bytes. Nothing of a claimed size is made before the header was checked.
"""

import struct
import zlib
from io import BytesIO
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from .image_headers import TIFF_STARTS, check_limit, check_pixels, turn

STARTS = (*TIFF_STARTS, b'II+\0', b'MM\0+')  # BigTIFF has a plus
# Format character by the number of a tag's type.
TYPES = {1: 'B', 2: 'B', 3: 'H', 4: 'I', 6: 'b', 7: 'B', 8: 'h', 9: 'i'}
TYPES |= {11: 'f', 12: 'd', 13: 'I', 16: 'Q', 17: 'q', 18: 'Q'}
MOST_PAGES = 1000
NONE, DEFLATE, OLD_DEFLATE = 1, 8, 32946
# LZW, PackBits, ZSTD, LZMA: undone by Pillow, where its libtiff has them.
BY_PILLOW = (5, 32773, 50000, 34925)
FORMATS = {1: 'u', 2: 'i', 3: 'f', 4: 'u'}
BITS = {'u': (8, 16, 32, 64), 'i': (8, 16, 32, 64), 'f': (16, 32, 64)}
SUBFILE, WIDTH, HEIGHT, DEPTH, COMPRESSION = 254, 256, 257, 258, 259
COLOURS, FILL_ORDER, ORIENTATION, CHANNELS, ROWS = 262, 266, 274, 277, 278
PLANES, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, FORMAT = 284, 317, 322, 323, 339
STRIPS, STRIP_BYTES, TILES, TILE_BYTES = 273, 279, 324, 325

Tags = dict[int, tuple]


class Page(NamedTuple):
    """How a page lies in its file.

    Attributes:
        shape: (height, width, channels).
        dtype: of the values, with the order of the file's bytes.
        tags: all of them, by number.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype
    tags: Tags


def is_tiff(content: bytes) -> bool:
    """Whether a file begins as a TIFF does."""
    return content[:4] in STARTS


def read_pages(content: bytes, name: str) -> list[Page]:
    """The pages of a TIFF, of one size, without previews and masks.

    Args:
        content: of the file.
        name: of the file, for errors.

    Raises:
        ValueError: cut short, damaged, too many pixels, pages of several
            sizes, or values of a kind that is not read.
    """
    try:
        found = [_page(tags, content) for tags in _directories(content)]
        pages = [p for p in found if not _one(p.tags, SUBFILE, 0) & 0b101]
        if not pages:
            raise ValueError('no picture in it')
        first = pages[0]
        for page in pages[1:]:
            if (page.shape[:2], page.dtype) != (first.shape[:2], first.dtype):
                raise ValueError(
                    f'pages of {first.shape[:2]} {first.dtype} and of '
                    f'{page.shape[:2]} {page.dtype}; wanted one picture, or '
                    'its channels as pages of one size'
                )
    except (struct.error, IndexError) as error:
        raise ValueError(
            f'{name}: unreadable TIFF (cut short or damaged: {error}). Copy '
            'it again'
        ) from None
    except ValueError as error:
        raise ValueError(f'{name}: unreadable TIFF ({error})') from None
    height, width, _ = first.shape
    check_pixels((width, height), 'TIFF', len(content), name)
    values = height * width * sum(page.shape[2] for page in pages)
    check_limit(values, f'{name}: {values} values')
    return pages


def decode_tiff(content: bytes, name: str) -> np.ndarray:
    """The values of a TIFF, (H, W, N); pages one after the other.

    Turned as its orientation says.

    Raises:
        ValueError: as `read_pages`, or the data are damaged.
    """
    pages = read_pages(content, name)
    try:
        parts = [_decode(page, content) for page in pages]
    except (ValueError, zlib.error, OSError, SyntaxError) as error:
        raise ValueError(
            f'{name}: unreadable TIFF (cut short or damaged: {error}). Copy '
            'it again'
        ) from None
    image = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)
    return turn(image, _one(pages[0].tags, ORIENTATION, 1))


def _directories(content: bytes) -> list[Tags]:
    """The tags of each page."""
    order = '<' if content[:2] == b'II' else '>'
    big = content[2 if order == '<' else 3] == 43
    number, offset = ('Q', 'Q') if big else ('H', 'I')
    (at,) = struct.unpack_from(order + offset, content, 8 if big else 4)
    found: list[Tags] = []
    seen: set[int] = set()
    while at:
        if at in seen or len(found) == MOST_PAGES:
            raise ValueError(f'its pages have no end, {len(found)} were read')
        seen.add(at)
        (count,) = struct.unpack_from(order + number, content, at)
        at += struct.calcsize(order + number)
        tags: Tags = {}
        for _ in range(min(count, 2**16)):
            at = _read_tag(content, at, order, offset, tags)
        found.append(tags)
        (at,) = struct.unpack_from(order + offset, content, at)
    return found


def _read_tag(
    content: bytes, at: int, order: str, offset: str, tags: Tags
) -> int:
    """Add a tag; where the next one begins. Unknown types are left out."""
    key, kind, count = struct.unpack_from(order + 'HH' + offset, content, at)
    at += struct.calcsize(order + 'HH' + offset)
    room = struct.calcsize(order + offset)
    if kind in TYPES:
        size = struct.calcsize(order + TYPES[kind]) * count
        start = at
        if size > room:
            (start,) = struct.unpack_from(order + offset, content, at)
        if start + size > len(content):
            raise ValueError(
                f'cut short: tag {key} ends at byte {start + size} of '
                f'{len(content)}'
            )
        tags[key] = struct.unpack_from(
            f'{order}{count}{TYPES[kind]}', content, start
        )
    return at + room


def _one(tags: Tags, key: int, default: int | None = None) -> int:
    found: Any = tags.get(key) or (default,)
    if any(value != found[0] for value in found):
        raise ValueError(f'tag {key} differs between channels: {found}')
    if not isinstance(found[0], int):
        raise ValueError(f'tag {key} is missing')
    return found[0]


def _page(tags: Tags, content: bytes) -> Page:
    """Look at the tags, before anything is decoded."""
    bits, kind = _one(tags, DEPTH, 1), FORMATS.get(_one(tags, FORMAT, 1), '')
    if bits not in BITS.get(kind, ()):
        raise ValueError(
            f'values of {bits} bits, sample format {_one(tags, FORMAT, 1)}; '
            'wanted integers of 8 to 64 bits or floats'
        )
    compression = _one(tags, COMPRESSION, NONE)
    if compression not in (NONE, DEFLATE, OLD_DEFLATE, *BY_PILLOW):
        raise ValueError(
            f'compression {compression}; wanted none, LZW, Deflate, '
            'PackBits, ZSTD or LZMA'
        )
    if _one(tags, COLOURS, 1) in (0, 3) or _one(tags, FILL_ORDER, 1) != 1:
        raise ValueError('a palette, 0 as white, or bits in reverse order')
    shape = (
        _one(tags, HEIGHT),
        _one(tags, WIDTH),
        _one(tags, CHANNELS, 1),
    )
    if min(shape) < 1:
        raise ValueError(f'{shape} rows, columns and channels')
    order = '<' if content[:2] == b'II' else '>'
    return Page(shape, np.dtype(f'{order}{kind}{bits // 8}'), tags)


def _decode(page: Page, content: bytes) -> np.ndarray:
    """The values of one page, (H, W, N), in the machine's order of bytes."""
    (height, width, channels), dtype, tags = page
    tiled = TILES in tags
    rows = min(_one(tags, ROWS, height), height)
    cell = height, width
    if tiled:
        cell = _one(tags, TILE_HEIGHT), _one(tags, TILE_WIDTH)
    elif rows:
        cell = rows, width
    if not 0 < min(cell) <= max(cell) <= 2**20 + max(height, width):
        raise ValueError(f'strips or tiles of {cell}')
    depth = 1 if _one(tags, PLANES, 1) == 2 else channels
    grid = channels // depth, ceil(height / cell[0]), ceil(width / cell[1])
    starts = tags.get(TILES if tiled else STRIPS, ())
    sizes = tags.get(TILE_BYTES if tiled else STRIP_BYTES, ())
    if not len(starts) == len(sizes) == np.prod(grid):
        raise ValueError(
            f'{len(starts)} strips or tiles of {len(sizes)} sizes, wanted '
            f'{np.prod(grid)}'
        )
    image = np.empty((height, width, channels), dtype.newbyteorder('='))
    for number, where in enumerate(np.ndindex(grid)):
        top, left = where[1] * cell[0], where[2] * cell[1]
        # A tile is whole where the picture ends within; a strip is not.
        count = cell[0] if tiled else min(cell[0], height - top)
        start, end = starts[number], starts[number] + sizes[number]
        if end > len(content) or not start:
            raise ValueError(f'data to byte {end} of {len(content)}')
        shape = count, cell[1], depth
        data = _expand(
            content[start:end],
            _one(tags, COMPRESSION, NONE),
            (count, cell[1] * depth * dtype.itemsize),
        )
        values = _undo(data, shape, dtype, _one(tags, PREDICTOR, 1))
        first = where[0] * depth
        view = image[
            top : top + cell[0], left : left + cell[1], first : first + depth
        ]
        view[:] = values[: view.shape[0], : view.shape[1]]
    return image


def _expand(data: bytes, compression: int, size: tuple[int, int]) -> bytes:
    """The bytes of a strip or tile, (rows, bytes of a row)."""
    wanted = size[0] * size[1]
    if compression in (DEFLATE, OLD_DEFLATE):
        data = zlib.decompressobj().decompress(data, wanted)
    elif compression != NONE:
        # As grey bytes, whatever they are: the values are made here.
        tags = {WIDTH: size[1], HEIGHT: size[0], DEPTH: 8, COLOURS: 1}
        tags |= {COMPRESSION: compression, CHANNELS: 1, ROWS: size[0]}
        tags |= {STRIPS: 14 + 12 * 9, STRIP_BYTES: len(data)}
        entries = b''.join(
            struct.pack('<HHII', key, 4, 1, tags[key]) for key in sorted(tags)
        )
        head = b'II*\0' + struct.pack('<IH', 8, len(tags)) + entries
        file = BytesIO(head + bytes(4) + data)
        data = Image.open(file, formats=['TIFF']).tobytes()
    if len(data) < wanted:
        raise ValueError(f'{len(data)} of {wanted} bytes of a strip or tile')
    return data[:wanted]


def _undo(
    data: bytes, shape: tuple[int, int, int], dtype: np.dtype, predictor: int
) -> np.ndarray:
    """Bytes to values (rows, columns, channels); differences summed up."""
    rows, columns, depth = shape
    if predictor == 1:
        return np.frombuffer(data, dtype).reshape(shape)
    if predictor == 2:
        whole = np.dtype(f'{dtype.byteorder}u{dtype.itemsize}')
        steps = np.frombuffer(data, whole).reshape(shape)
        native = steps.astype(whole.newbyteorder('='))
        sums = np.cumsum(native, axis=1, dtype=native.dtype)
        return sums.view(dtype.newbyteorder('='))
    if predictor == 3 and dtype.kind == 'f':
        size = dtype.itemsize
        row_bytes: np.ndarray = np.frombuffer(data, np.uint8)
        row_bytes = row_bytes.reshape(rows, -1, depth)
        whole_rows = np.cumsum(row_bytes, axis=1, dtype=np.uint8)
        # All first bytes of a row, then all second ones, the highest first.
        planes = whole_rows.reshape(rows, size, columns * depth)
        by_value = np.ascontiguousarray(planes.transpose(0, 2, 1))
        return by_value.view(f'>f{size}').reshape(shape)
    raise ValueError(f'predictor {predictor}')
