"""TIFF of any channels: values of another writer, damage, bombs."""

import base64
import struct
from itertools import product

import numpy as np
import pytest
from channel_files import noise, tiff_bytes

from xnet_mm.fileio.tiff import decode_tiff, is_tiff, read_pages

# Written by tifffile: LZW and Deflate with their predictors, BigTIFF.
OTHERS = {
    'LZW': (
        'Nl7XI2mk;85C8xH1ONd5000C4000321ONd500093000630{{g8007Pa000940{{U4000'
        'F5000I70{{U400031000pI1ONg6007tk000#M0{{U4000F5000&N1ONd500062000*O0'
        '{{X5001)p9sn8v1pom6007_s000{S1pom6008I!000~T0{{U400031001Zf0{{U40003'
        '1001!o0sssE008g+002D!0{{U400062002?}0{{d7008^|00000000mG5C9MW5C9MW5C'
        'H%HLjeE)0RR910RR910RR910RR91bZKU0W@&6?E^v7O0000000000000000000000000'
        'fB*mjPyr|aZvZ6#3z%2|eE)~UVh{LaG9?#^03E;pzyNvxF#r(o=*(It7?VaJ@W=>&I6w'
        'ff0KfoM03Lt~=lbLU4u(Wu@hEgcCl`r8Km'
    ),
    'floats': (
        'O-'
        '%qQ0000801*KI00aO40096100aR600aO40096100RL600RI300jU50NMcq00RI300969'
        '0003700RI3009620003I00aO4009610U!Yt00RI3009660003N00aO40096100RLR00a'
        'O4009610B`{s00jU5009610OSE100jU5009610PF!A00RI3009620003f00RI3009620'
        '003o00IC201N;C0Q3Pp00RI3009640003}00RI300aO40RRD000RI300jU50SEv90000'
        'W03ZM$03ZM$00001000010000100001bZKU0W@&6?E^v7O000000000000RI600RI600'
        'RI3000000000000000c$_<U5C|Ah!TsCUFQ0z{1TUUExN`#nb{sfy;RXX?a1aFkg8)<j'
        '$V!L^^mM#%;=qm#K(Js!LxF?Bfd>o@4GhEpdwY8a2S!FlD3=ik4(zwD->=~C-'
        '~iC5ga9D$aIg?y`0?Qd17QFFg1<fi'
    ),
    'tiles': (
        'Nl7aJ2mk;85C8xG000005C8xG00000009I50RR91000001ONa4000000RaR60RR91000'
        '000{{R3000000s#X61poj500000U;zLC000000|5g70RR91000002mk;8000001_1*A0'
        'RR91000000RR91000006#)YP0RR91000001poj5000008UY0W0RR91000000RR910RR9'
        '18vz9X0RR91000000RR910RR91903CW0RR91000000ssI200000C;<Zi0RR91000000R'
        'R9100000F#!Sq3;+NC00000Y5@QM00000LIDH-'
        '0RR91000005C8xG00000LjeQ;0RR91000005C8xG00000L;(;01poj500000b^!nY000'
        '00MF9f<1poj500000o&f*=00000QUL=11ONa400000000000000000000000002mlBG2'
        'mlBG2mo|xW@ct-Y-KKRc>u5h00000007JZ00000008I#00000000C600000001BY0000'
        '0000~S8~_{u8~_{u0000000000c${O{S#HXJ1m3O5(m>`voF6OAFpL2JBBKS0c$`zcHz'
        '$e#2}oS*_eJJ&A8B%67{&kq`AP*)c%1X%I9Shs1Z=-;DMIEOyj-'
        '5jFpL2Jocab4c$~}EeYS)F2_z}poQ}*76+Y9&FpL2Jb*2T^c$}LOByf@e3ADR1??L8QS'
        '$tg2FpL2JFz5xH'
    ),
}


def test_files_of_another_program():
    """LZW of differences, floats of differences, tiles in planes."""
    i = np.arange(60).reshape(3, 4, 5)
    wanted = {
        'LZW': (i * 37 % 251).astype(np.uint16),
        'floats': (i * 0.5 - 20).astype(np.float32),
        'tiles': (i * 37 % 251).astype(np.uint8),
    }
    for name, text in OTHERS.items():
        found = decode_tiff(base64.b85decode(text), name)
        assert found.dtype == wanted[name].dtype
        np.testing.assert_array_equal(found, wanted[name], name)


KINDS = ('uint8', 'uint16', 'int16', 'uint32', 'float32', 'float64')
LAYOUTS = dict(
    one={},
    strips=dict(rows=5),
    planes=dict(planes=True, rows=7),
    pages=dict(pages=True),
    deflate=dict(deflate=True, rows=5),
)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('channels', [1, 2, 4, 5, 12])
def test_all_kinds(channels, layout):
    for dtype, order in product(KINDS, '<>'):
        image = noise(channels, dtype, (13, 17))
        content = tiff_bytes(image, order=order, **LAYOUTS[layout])
        assert is_tiff(content)
        found = decode_tiff(content, 'a.tif')
        assert found.dtype == image.dtype
        np.testing.assert_array_equal(found, image)


def test_turned_as_it_says():
    image = noise(5, size=(3, 4))
    turned = decode_tiff(tiff_bytes(image, t274=6), 'a.tif')
    np.testing.assert_array_equal(turned, np.rot90(image, -1))


def test_previews_and_masks_are_no_pages():
    content = tiff_bytes(noise(3, size=(4, 4)), pages=True, t254=1)
    with pytest.raises(ValueError, match=r'a\.tif: .*no picture in it'):
        read_pages(content, 'a.tif')


@pytest.mark.parametrize('deflate', [False, True])
def test_cut_anywhere(deflate):
    """With an error that names the file, never values out of nowhere."""
    image = noise(5, size=(9, 11))
    content = tiff_bytes(image, deflate=deflate, rows=3)
    for end in range(0, len(content) - 4, 13):
        with pytest.raises(ValueError, match=r'^a\.tif: unreadable TIFF \('):
            decode_tiff(content[:end] or b'II*\0', 'a.tif')


def test_any_byte_changed():
    """A stranger's file is values or a ValueError, nothing else."""
    content = bytearray(tiff_bytes(noise(2, size=(3, 4)), deflate=True))
    for at, value in product(range(len(content)), (0, 1, 128, 255)):
        changed = bytes(content[:at]) + bytes([value]) + content[at + 1 :]
        try:
            decode_tiff(bytes(changed), 'a.tif')
        except ValueError as error:
            assert str(error).startswith('a.tif: ')


HUGE = dict(t256=30_000, t257=30_000)


@pytest.mark.parametrize(
    ('tags', 'message'),
    [
        (HUGE, r'header claims 30000x30000 pixels, more than \d+ bytes can'),
        (dict(t277=2**26), r'\d+ values, more than the limit of \d+'),
        (dict(t259=7), r'compression 7; wanted none, LZW'),
        (dict(t262=3), r'a palette'),
        (dict(t266=2), r'bits in reverse order'),
        (dict(t258=12), r'values of 12 bits, sample format 1'),
        (dict(t339=6), r'values of 16 bits, sample format 6'),
        (dict(t317=9), r'predictor 9'),
        (dict(t257=0), r'\(0, 11, 5\) rows, columns and channels'),
    ],
)
def test_what_is_not_read(tags, message):
    content = tiff_bytes(noise(5, size=(4, 11)), **tags)
    with pytest.raises(ValueError, match=message):
        decode_tiff(content, 'a.tif')


def test_pages_without_end():
    content = bytearray(tiff_bytes(noise(1, size=(4, 5))))
    content[-4:] = content[4:8]  # the next page is the first one
    with pytest.raises(ValueError, match=r'its pages have no end, 1 were'):
        decode_tiff(bytes(content), 'a.tif')


def test_pages_of_other_sizes():
    first = bytearray(tiff_bytes(noise(1, size=(4, 5))))
    second = tiff_bytes(noise(1, size=(6, 5)))
    # The second file as it lies behind the first: its offsets move along.
    shift = len(first)
    (at,) = struct.unpack_from('<I', second, 4)
    moved = bytearray(second)
    (count,) = struct.unpack_from('<H', moved, at)
    for i in range(count):
        entry = at + 2 + 12 * i
        key, _, _, value = struct.unpack_from('<HHII', moved, entry)
        if key == 273:
            struct.pack_into('<I', moved, entry + 8, value + shift)
    first[-4:] = struct.pack('<I', at + shift)
    with pytest.raises(ValueError, match=r'pages of \(4, 5\).* of \(6, 5\)'):
        decode_tiff(bytes(first + moved), 'a.tif')
