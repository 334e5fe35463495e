import numpy as np
import pytest
from fit_folders import save
from PIL import Image

from xnet_mm.fit.folder.codes import (
    as_colours,
    count,
    is_black_and_white,
    look_at,
    pack,
    read_picture,
    to_codes,
    translate,
    unpack,
)

IDS = np.array([[0, 1, 1], [7, 0, 255]], np.uint8)
PALETTE = [(0, 0, 0), (255, 0, 0), (0, 255, 0)]


def indexed(path):
    picture = Image.fromarray(np.minimum(IDS, 2), 'P')
    picture.putpalette([value for colour in PALETTE for value in colour])
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.mark.parametrize('end', ['.png', '.bmp', '.tif', '.gif', '.npy'])
def test_ids(tmp_path, end):
    path = tmp_path / f'a{end}'
    if end == '.npy':
        np.save(path, IDS[None].astype(np.int64))
    else:
        save(path, IDS)
    picture = read_picture(path)
    np.testing.assert_array_equal(to_codes(picture, 'values'), IDS)
    assert picture.plain == (end == '.png')


def test_16_bits(tmp_path):
    save(tmp_path / 'a.png', IDS.astype(np.uint16) * 200)
    picture = read_picture(tmp_path / 'a.png')
    np.testing.assert_array_equal(picture.values, IDS.astype(int) * 200)
    assert not picture.plain


def test_indices_are_ids(tmp_path):
    indexed(tmp_path / 'a.png')
    look = look_at(tmp_path, 'a.png')
    assert look.counts == {0: 2, 1: 2, 2: 2} and not look.coloured
    assert look.palette[:3] == tuple(PALETTE)
    assert {unpack(c): n for c, n in as_colours(look).items()} == {
        colour: 2 for colour in PALETTE
    }
    codes = to_codes(read_picture(tmp_path / 'a.png'), 'colours')
    assert unpack(int(codes[0, 1])) == (255, 0, 0)


def test_colours(tmp_path):
    save(tmp_path / 'a.png', np.array(PALETTE, np.uint8)[None])
    look = look_at(tmp_path, 'a.png')
    assert look.coloured and look.size == (1, 3)
    assert look.counts == {0: 1, 0xFF0000: 1, 0x00FF00: 1}
    assert pack(np.array((1, 2, 3), np.uint8)) == 0x010203
    with pytest.raises(ValueError, match='colours, where other masks are gre'):
        to_codes(read_picture(tmp_path / 'a.png'), 'values')


def test_grey_in_three_channels_is_ids(tmp_path):
    save(tmp_path / 'a.png', np.repeat(IDS[..., None], 3, axis=2))
    look = look_at(tmp_path, 'a.png')
    assert not look.coloured and look.counts == count(IDS)


def test_ends(tmp_path):
    save(tmp_path / 'a.png', np.uint8([[0, 255]]))
    codes = to_codes(read_picture(tmp_path / 'a.png'), 'ends')
    assert codes.tolist() == [[0, 1]]
    save(tmp_path / 'a.png', IDS)
    with pytest.raises(ValueError, match='holds 1, where other masks hold 0'):
        to_codes(read_picture(tmp_path / 'a.png'), 'ends')


def test_threshold(tmp_path):
    save(tmp_path / 'a.png', np.uint8([[0, 127, 128, 250]]))
    codes = to_codes(read_picture(tmp_path / 'a.png'), 'threshold')
    assert codes.tolist() == [[0, 0, 1, 1]]


def test_black_and_white():
    assert is_black_and_white({0: 90, 255: 9, 128: 1})
    assert not is_black_and_white({0: 90, 128: 10})
    assert not is_black_and_white({0: 50, 255: 40, 128: 10})
    assert not is_black_and_white({0: 50, 65535: 50})


def test_what_is_no_label_map(tmp_path):
    np.save(tmp_path / 'a.npy', np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match=r'an array of float32 .* whole numb'):
        read_picture(tmp_path / 'a.npy')
    with pytest.raises(FileNotFoundError, match='no such label map'):
        read_picture(tmp_path / 'b.png')


def test_counts_and_classes_pixel_by_pixel():
    codes = np.random.default_rng(0).integers(4, size=(9, 7)) * 70_000
    codes[2:6, 3:] = 0
    counts, mapping = {}, {0: 3, 70_000: 255, 140_000: 0, 210_000: 1}
    wanted = np.zeros(codes.shape, np.uint8)
    for place, code in np.ndenumerate(codes):
        counts[int(code)] = counts.get(int(code), 0) + 1
        wanted[place] = mapping[int(code)]
    assert count(codes) == counts
    found = translate(codes, mapping)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, wanted)
