"""EXR files: each compression and type, whole maps; what is refused."""

import struct

import numpy as np
import pytest
from exr_files import run_lengths, shuffle, write_exr

from xnet_mm.fileio.exr import UnsupportedExrError, decode_exr

RAMP = (np.arange(37 * 23).reshape(37, 23) // 3 / 8).astype(np.float32)
NOISE = np.random.default_rng(0).random((37, 23)).astype(np.float32)


@pytest.mark.parametrize('compression', range(4))
@pytest.mark.parametrize('dtype', ['float32', 'float16', 'uint32'])
@pytest.mark.parametrize('values', [RAMP, NOISE * 99, 0 * RAMP + 2])
def test_compressions_and_types(compression, dtype, values):
    wanted = values.astype(dtype)
    found = decode_exr(write_exr(dict(Z=wanted), compression), 'a.exr')
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (16, 1), (17, 3)])
@pytest.mark.parametrize('compression', range(4))
def test_small_maps(shape, compression):
    wanted = np.resize(RAMP[5:], shape)
    found = decode_exr(write_exr(dict(Z=wanted), compression), 'a.exr')
    np.testing.assert_array_equal(found, wanted)


def test_nan_and_infinity_stay():
    wanted = np.float32([[np.nan, np.inf, -np.inf, -1, 0]])
    found = decode_exr(write_exr(dict(Z=wanted)), 'a.exr')
    np.testing.assert_array_equal(found, wanted)


def test_window_and_order_of_lines_do_not_matter():
    for top, backwards in ((-7, False), (100, True)):
        content = write_exr(dict(Z=RAMP), top=top, backwards=backwards)
        np.testing.assert_array_equal(decode_exr(content, 'a'), RAMP)


@pytest.mark.parametrize(
    ('names', 'wanted'),
    [
        ('anything', 'anything'),
        ('A B G R Z', 'Z'),
        ('R ViewLayer.Depth.Z', 'ViewLayer.Depth.Z'),
        ('Depth.V Combined.R', 'Depth.V'),
        ('A Y', 'Y'),
        ('depth normal', 'depth'),
    ],
)
def test_channel_of_depth(names, wanted):
    channels = {
        name: (NOISE + i).astype('f2' if i % 2 else 'f4')
        for i, name in enumerate(names.split())
    }
    found = decode_exr(write_exr(channels), 'a')
    np.testing.assert_array_equal(found, channels[wanted])


def test_grey_as_colours():
    channels = dict(R=RAMP, G=RAMP, B=RAMP, A=NOISE)
    np.testing.assert_array_equal(decode_exr(write_exr(channels), 'a'), RAMP)
    channels['G'] = NOISE
    with pytest.raises(
        ValueError, match=r'a: an EXR file with channels A, B, G, R, of which'
    ):
        decode_exr(write_exr(channels), 'a')


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (dict(compression=4), 'a: an EXR file compressed by PIZ'),
        (dict(compression=77), 'a: an EXR file compressed by number 77'),
        (dict(flags=0x200), 'a: an EXR file of tiles'),
        (dict(flags=0x800), 'a: an EXR file of deep data'),
        (dict(flags=0x1000), 'a: an EXR file of several parts'),
    ],
)
def test_kinds_that_are_not_read(options, said):
    with pytest.raises(UnsupportedExrError, match=said):
        decode_exr(write_exr(dict(Z=RAMP), **options), 'a')


@pytest.mark.parametrize('compression', range(4))
def test_cut_short_anywhere(compression):
    content = write_exr(dict(Z=NOISE[:20]), compression)
    for end in range(4, len(content), 7):
        with pytest.raises(ValueError, match=r'a: a damaged EXR file, or cut'):
            decode_exr(content[:end], 'a')


def test_sizes_that_a_file_cannot_hold():
    content = write_exr(dict(Z=RAMP))
    window = struct.pack('<4i', 5, 0, 27, 36)
    huge = struct.pack('<4i', 0, 0, 2**30, 2**30)
    with pytest.raises(ValueError, match=r'a: the header claims 10737\d+x107'):
        decode_exr(content.replace(window, huge), 'a')
    for ends in ((5, 0, 4, 36), (5, 9, 27, -(2**31))):
        wrong = content.replace(window, struct.pack('<4i', *ends))
        with pytest.raises(ValueError, match=r'damaged EXR file.*a window of'):
            decode_exr(wrong, 'a')


def test_any_changed_byte_is_a_map_or_an_error():
    content = write_exr(dict(Z=RAMP[:18, :5]))
    rng = np.random.default_rng(0)
    refused = 0
    for at in range(4, len(content)):
        changed = bytearray(content)
        changed[at] ^= int(rng.integers(1, 256))
        try:
            assert decode_exr(bytes(changed), 'a').ndim == 2
        except ValueError:
            refused += 1
    assert refused > len(content) / 4


def test_writer_by_hand():
    """1 5 2 9 is 1 2, 5 9: 1 and the steps +1 +3 +4, and 128 each."""
    assert shuffle(bytes([1, 5, 2, 9])) == bytes([1, 129, 131, 132])
    assert run_lengths(b'aaaabc') == bytes([3]) + b'a' + bytes([254]) + b'bc'
