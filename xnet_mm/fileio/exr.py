"""OpenEXR files of one map: depth as renderers write it.

OpenCV reads EXR only in builds that have it. Here are scan lines of half,
float or whole numbers, uncompressed, RLE, ZIPS and ZIP. Nothing of a claimed
size is made before the header was checked.

Source: "The OpenEXR File Layout", openexr.com.
"""

import struct
import zlib
from typing import NamedTuple

import numpy as np

from .image_headers import check_pixels

EXR_START = b'v/1\x01'
TYPES: dict[int, np.dtype] = {
    0: np.dtype('<u4'),
    1: np.dtype('<f2'),
    2: np.dtype('<f4'),
}
NONE, RLE, ZIPS, ZIP = range(4)
LINES = {NONE: 1, RLE: 1, ZIPS: 1, ZIP: 16}  # of a block
OTHERS = {4: 'PIZ', 5: 'PXR24', 6: 'B44', 7: 'B44A', 8: 'DWAA', 9: 'DWAB'}
DAMAGED = (
    *(struct.error, zlib.error, IndexError),
    *(OverflowError, UnicodeDecodeError),
)
FLAGS = {0x200: 'tiles', 0x800: 'deep data', 0x1000: 'several parts'}
# Names of a channel of depth, in small letters, the likeliest first.
DEPTH_NAMES = ('z', 'depth', 'y', 'v')


class UnsupportedExrError(ValueError):
    """A whole EXR file of a kind that is not read here."""


class Channel(NamedTuple):
    """One channel, in the order of the file.

    Attributes:
        name: As the file has it.
        dtype: Of the values.
    """

    name: str
    dtype: np.dtype


class Header(NamedTuple):
    """What is needed of a file's header.

    Attributes:
        channels: All of them.
        compression: Its number.
        size: (height, width) of the data window.
        top: Number of its first line.
        end: Where the header ends.
    """

    channels: list[Channel]
    compression: int
    size: tuple[int, int]
    top: int
    end: int


def decode_exr(content: bytes, name: str) -> np.ndarray:
    """The map in an EXR file, (H, W) float16, float32 or uint32.

    That is the only channel, one called Z, depth, Y or V (of any layer), or
    R where G and B have the same values.

    Args:
        content: Of the file.
        name: Of the file, for errors.

    Raises:
        UnsupportedExrError: tiles, parts, deep data, another compression.
        ValueError: damaged, cut short, too large, or several channels of
            which none is a depth.
    """
    try:
        header = _read_header(content, name)
        planes = _read_planes(content, header)
    except DAMAGED as error:
        raise ValueError(
            f'{name}: a damaged EXR file, or cut short ({error})'
        ) from None
    return _choose(planes, name)


def _read_header(content: bytes, name: str) -> Header:
    version = struct.unpack_from('<I', content, 4)[0]
    for flag, what in FLAGS.items():
        if version & flag:
            raise UnsupportedExrError(f'{name}: an EXR file of {what}')
    at, found = 8, {}
    while content[at] != 0:
        key, at = _text(content, at)
        _, at = _text(content, at)
        length = struct.unpack_from('<i', content, at)[0]
        if length < 0 or at + 4 + length > len(content):
            raise IndexError(f'{key} ends beyond the file')
        found[key] = content[at + 4 : at + 4 + length]
        at += 4 + length
    missing = {'channels', 'compression', 'dataWindow'} - {*found}
    if missing:
        raise IndexError(f'no {", ".join(sorted(missing))}')
    left, top, right, bottom = struct.unpack('<4i', found['dataWindow'])
    height, width = bottom - top + 1, right - left + 1
    if height < 1 or width < 1:
        raise IndexError(f'a window of {width}x{height} pixels')
    check_pixels((width, height), 'EXR', len(content), name)
    compression = found['compression'][0]
    if compression not in LINES:
        kind = OTHERS.get(compression, f'number {compression}')
        raise UnsupportedExrError(f'{name}: an EXR file compressed by {kind}')
    channels = _read_channels(found['channels'], name)
    return Header(channels, compression, (height, width), top, at + 1)


def _read_channels(data: bytes, name: str) -> list[Channel]:
    at, channels = 0, []
    while data[at] != 0:
        channel, at = _text(data, at)
        kind, _, *sampling = struct.unpack_from('<iIii', data, at)
        at += 16
        if kind not in TYPES:
            raise IndexError(f'channel {channel} of type {kind}')
        if sampling != [1, 1]:
            raise UnsupportedExrError(
                f'{name}: an EXR file with channels of other sizes'
            )
        channels.append(Channel(channel, TYPES[kind]))
    if not channels:
        raise IndexError('no channel')
    return channels


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text that ends with 0, and where the next begins."""
    end = data.find(b'\0', at)
    if end < 0:
        raise IndexError('a name without end')
    return data[at:end].decode(), end + 1


def _read_planes(content: bytes, header: Header) -> dict[str, np.ndarray]:
    """Each channel's values, (H, W)."""
    height, width = header.size
    step = LINES[header.compression]
    starts = range(0, height, step)
    offsets = struct.unpack_from(f'<{len(starts)}Q', content, header.end)
    bytes_a_line = width * sum(c.dtype.itemsize for c in header.channels)
    planes = {c.name: np.empty(header.size, c.dtype) for c in header.channels}
    done = set()
    for offset in offsets:
        line, length = struct.unpack_from('<ii', content, offset)
        first = line - header.top
        if first not in starts or first in done:
            raise IndexError(f'a block for line {line}')
        done.add(first)
        lines = min(step, height - first)
        data = content[offset + 8 : offset + 8 + length]
        values = _unpack(data, length, lines * bytes_a_line, header)
        at = 0
        for row in range(first, first + lines):
            for c in header.channels:
                planes[c.name][row] = np.frombuffer(values, c.dtype, width, at)
                at += width * c.dtype.itemsize
    return planes


def _unpack(data: bytes, length: int, wanted: int, header: Header) -> bytes:
    """The bytes of a block; one that did not shrink is stored as it is."""
    if len(data) < length or length < 0:
        raise IndexError(f'{len(data)} of {length} bytes of a block')
    if header.compression == NONE or length == wanted:
        found = data
    else:
        if header.compression == RLE:
            packed = _undo_rle(data, wanted)
        else:
            packed = zlib.decompressobj().decompress(data, wanted + 1)
        # Differences to the byte before; then even bytes, odd bytes.
        steps: np.ndarray = np.frombuffer(packed, np.uint8).copy()
        steps[1:] -= 128
        sums = np.cumsum(steps, dtype=np.uint8)
        both = np.empty_like(sums)
        half = -(-len(sums) // 2)
        both[::2], both[1::2] = sums[:half], sums[half:]
        found = both.tobytes()
    if len(found) != wanted:
        raise IndexError(f'{len(found)} bytes of a block, wanted {wanted}')
    return found


def _undo_rle(data: bytes, wanted: int) -> bytes:
    """Run lengths: n < 0 is followed by -n bytes, else one, n + 1 times."""
    parts, at, total = [], 0, 0
    while at < len(data) and total <= wanted:
        count = data[at] - 256 if data[at] > 127 else data[at]
        if count < 0:
            part = data[at + 1 : at + 1 - count]
            at += 1 - count
        else:
            part = data[at + 1 : at + 2] * (count + 1)
            at += 2
        parts.append(part)
        total += len(part)
    return b''.join(parts)


def _choose(planes: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The channel that is a depth."""
    if len(planes) == 1:
        return next(iter(planes.values()))
    last = {n.rpartition('.')[2].lower(): n for n in planes}
    for wanted in DEPTH_NAMES:
        if wanted in last:
            return planes[last[wanted]]
    colours = [planes[last[c]] for c in 'rgb' if c in last]
    if len(colours) == 3 and all(
        np.array_equal(colours[0], c, equal_nan=True) for c in colours[1:]
    ):
        return colours[0]
    raise ValueError(
        f'{name}: an EXR file with channels {", ".join(planes)}, of which '
        'none is called Z, depth, Y or V; save the depth alone'
    )
