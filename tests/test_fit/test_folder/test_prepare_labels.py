import numpy as np
import pytest
from fit_folders import NAMES, read_all, rooms, save, write_images

from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.prepare_labels import names_in_place
from xnet_mm.fit.folder.terms import FolderError, Pair
from xnet_mm.fit.folder.understand import understand


@pytest.mark.parametrize(
    ('rows', 'wanted'),
    [
        (
            [('images/a.jpg', 'masks/a.png'), ('images/b.jpg', 'masks/b.png')],
            ('images', 'masks', '.jpg', '.png', ['a', 'b']),
        ),
        (
            [('a.jpg', 'a_mask.png'), ('a_1.jpg', 'a_1_mask.png')],
            ('', '', '.jpg', '_mask.png', ['a', 'a_1']),
        ),
        (
            [
                ('l/x/a_leftImg8bit.png', 'g/x/a_gtFine_labelIds.png'),
                ('l/y/b_leftImg8bit.png', 'g/y/b_gtFine_labelIds.png'),
            ],
            (
                *('l', 'g', '_leftImg8bit.png', '_gtFine_labelIds.png'),
                ['x/a', 'y/b'],
            ),
        ),
        ([('i/a.jpg', 'm/a.png'), ('i/b.png', 'm/b.png')], None),
        ([('i/img_1.jpg', 'm/mask_1.png')], None),
    ],
)
def test_names(rows, wanted):
    assert names_in_place([Pair(*row) for row in rows]) == wanted


def test_names_with_blanks_at_their_ends_are_linked(tmp_path):
    names = [f' {name}' for name in NAMES]
    write_images(tmp_path / 'a', '', names)
    for name, room in zip(names, rooms(), strict=True):
        save(tmp_path / f'a/{name}_mask.png', room[1])
    prepared = prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert any('linked' in note for note in prepared.notes)
    assert len(read_all(prepared)) == len(NAMES)


def test_classes_that_the_first_look_missed(tmp_path, monkeypatch):
    monkeypatch.setattr('xnet_mm.fit.folder.understand.LOOKED_AT', 2)
    write_images(tmp_path / 'a')
    for i, name in enumerate(NAMES):
        ids = np.zeros((36, 48), np.uint8)
        ids[:9] = 3
        # The first of training and that of validation are looked at.
        ids[9:12] = {0: 0, 3: 50}.get(i, 10 + i)
        save(tmp_path / f'a/masks/{name}.png', ids)
    found = understand(tmp_path / 'a')
    assert [p.image for p in found.pairs['val']] == ['images/room_03.jpg']
    assert found.classes == ('class 0', 'class 3', 'class 50')
    prepared = prepare(found, tmp_path / 'out')
    assert prepared.classes == (
        *('class 0', 'class 3', 'class 11', 'class 12', 'class 14'),
        *('class 15', 'class 50'),
    )
    assert 'have 7 classes' in ' '.join(prepared.notes)
    labels = read_all(prepared)['room_02']
    assert np.unique(labels).tolist() == [0, 1, 3]
    assert 'no training pixel has the class class 50' in prepared.notes


def test_rare_things(tmp_path, monkeypatch):
    """What is looked at first is all background."""
    monkeypatch.setattr('xnet_mm.fit.folder.understand.LOOKED_AT', 2)
    write_images(tmp_path / 'a')
    for i, name in enumerate(NAMES):
        ids = np.zeros((36, 48), np.uint8)
        ids[0, 0] = 255 * (i == 2)
        save(tmp_path / f'a/masks/{name}.png', ids)
    found = understand(tmp_path / 'a')
    assert found.kind == 'binary 0/255'
    assert prepare(found, tmp_path / 'out').classes[1] == 'foreground'


def test_a_value_that_the_first_look_missed(tmp_path, monkeypatch):
    monkeypatch.setattr('xnet_mm.fit.folder.understand.LOOKED_AT', 2)
    write_images(tmp_path / 'a')
    for i, name in enumerate(NAMES):
        ids = np.zeros((36, 48), np.uint8)
        ids[:9] = 255
        ids[20, 20] = 7 * (i == 2)
        save(tmp_path / f'a/masks/{name}.png', ids)
    with pytest.raises(FolderError, match=r'room_02\.png: holds 7, where oth'):
        prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert not (tmp_path / 'out/data').exists()
