"""A writer of EXR files, by the layout that openexr.com describes."""

import struct
import zlib

import numpy as np

KINDS = {'uint32': 0, 'float16': 1, 'float32': 2}


def attribute(name, kind, value):
    head = name.encode() + b'\0' + kind.encode() + b'\0'
    return head + struct.pack('<i', len(value)) + value


def shuffle(data):
    """Even bytes, odd bytes; then each as its step from the one before."""
    mixed = [*data[::2], *data[1::2]]
    before = [128, *mixed[:-1]]  # the first one stays as it is
    return bytes(
        (b - a + 128) % 256 for a, b in zip(before, mixed, strict=True)
    )


def run_lengths(data):
    """Runs of three or more as such, the others as they are."""
    found, at, plain = b'', 0, b''
    while at < len(data):
        run = 1
        while (
            run < 128
            and data[at : at + 1] * (run + 1) == (data[at : at + run + 1])
        ):
            run += 1
        if run < 3:
            plain += data[at : at + run]
        if plain and (run >= 3 or len(plain) > 100 or at + run == len(data)):
            found += struct.pack('b', -len(plain)) + plain
            plain = b''
        if run >= 3:
            found += struct.pack('b', run - 1) + data[at : at + 1]
        at += run
    return found


def write_exr(channels, compression=3, top=0, flags=0, backwards=False):
    """The bytes of a file with these channels, name -> (H, W)."""
    names = sorted(channels)
    height, width = channels[names[0]].shape
    listed = b''.join(
        name.encode()
        + b'\0'
        + struct.pack('<iIii', KINDS[channels[name].dtype.name], 0, 1, 1)
        for name in names
    )
    window = struct.pack('<4i', 5, top, 5 + width - 1, top + height - 1)
    head = b'v/1\x01' + struct.pack('<I', 2 | flags)
    head += attribute('channels', 'chlist', listed + b'\0')
    head += attribute('compression', 'compression', bytes([compression]))
    head += attribute('dataWindow', 'box2i', window)
    head += attribute('displayWindow', 'box2i', window)
    head += attribute('lineOrder', 'lineOrder', b'\0')
    head += attribute('pixelAspectRatio', 'float', struct.pack('<f', 1))
    head += attribute('screenWindowCenter', 'v2f', struct.pack('<2f', 0, 0))
    head += attribute('screenWindowWidth', 'float', struct.pack('<f', 1))
    head += b'\0'
    step = {3: 16, 4: 32}.get(compression, 1)
    blocks = []
    for first in range(0, height, step):
        raw = b''.join(
            np.ascontiguousarray(channels[name][row]).tobytes()
            for row in range(first, min(first + step, height))
            for name in names
        )
        packed = raw
        if compression == 1:
            packed = run_lengths(shuffle(raw))
        elif compression in (2, 3):
            packed = zlib.compress(shuffle(raw))
        data = packed if len(packed) < len(raw) else raw
        blocks.append(struct.pack('<ii', top + first, len(data)) + data)
    at = len(head) + 8 * len(blocks)
    offsets, body = [0] * len(blocks), b''
    order = range(len(blocks))
    for i in reversed(order) if backwards else order:
        offsets[i] = at + len(body)
        body += blocks[i]
    return head + struct.pack(f'<{len(blocks)}Q', *offsets) + body
