import pytest
from fit_folders import SIZE, rooms, save

from xnet_mm.fit.folder.images import image_size, look_at_images, shares
from xnet_mm.fit.folder.terms import FolderError


def test_sizes(tmp_path):
    save(tmp_path / 'a.jpg', rooms()[0][0])
    save(tmp_path / 'b.png', rooms()[0][0][:20])
    assert image_size(tmp_path / 'a.jpg') == SIZE[::-1]
    sizes = look_at_images(tmp_path, ['a.jpg', 'b.png', 'a.jpg'])
    assert sizes == [(36, 48), (20, 48), (36, 48)]
    assert shares(sizes) == (((36, 48), 2 / 3), ((20, 48), 1 / 3))


@pytest.mark.parametrize('look', [image_size, None])
def test_cut_short(tmp_path, look):
    save(tmp_path / 'a.jpg', rooms()[0][0])
    data = (tmp_path / 'a.jpg').read_bytes()
    (tmp_path / 'a.jpg').write_bytes(data[:-40])
    if look:
        with pytest.raises(ValueError, match='cut short'):
            look(tmp_path / 'a.jpg')
    else:
        with pytest.raises(FolderError, match=r'a\.jpg: unreadable image'):
            look_at_images(tmp_path, ['a.jpg'])
