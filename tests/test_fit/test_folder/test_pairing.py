import pytest

from xnet_mm.fit.folder.files import describe_file
from xnet_mm.fit.folder.pairing import describe_no_match, match, sort_roles
from xnet_mm.fit.folder.terms import FolderError


def files(*names):
    return [describe_file(name) for name in names]


def pairs(images, truths):
    return [(i.path, t.path) for i, t in match(files(*images), files(*truths))]


def test_roles():
    roles = sort_roles(
        files(
            *('a.jpg', 'a_mask.png', 'a_depth.npy', 'b.jpg', 'b.png'),
            *('notes.txt', 'masked_man.jpg'),
        )
    )
    assert [f.path for f in roles.images] == [
        *('a.jpg', 'b.jpg', 'b.png', 'masked_man.jpg')
    ]
    assert [f.path for f in roles.truths['label']] == ['a_mask.png']
    assert [f.path for f in roles.truths['depth']] == ['a_depth.npy']


def test_a_lossless_picture_beside_a_jpeg_is_its_truth():
    roles = sort_roles(files('a.jpg', 'a.png', 'b.jpg', 'b.png'))
    assert [f.path for f in roles.images] == ['a.jpg', 'b.jpg']
    assert [f.path for f in roles.truths['gt']] == ['a.png', 'b.png']


def test_a_folder_of_another_name_is_truth_where_there_is_no_other():
    roles = sort_roles(files('images/a.jpg', 'ziele/a.png', 'preview.jpg'))
    assert [f.path for f in roles.images] == ['images/a.jpg']
    assert [f.path for f in roles.truths['gt']] == ['ziele/a.png']


def test_the_additions_of_one_folder_match_names_of_another():
    roles = sort_roles(
        files('701_raw/0001TP_1.png', 'LabeledApproved/0001TP_1_L.png')
    )
    assert [f.path for f in roles.images] == ['701_raw/0001TP_1.png']
    assert match(roles.images, roles.truths['label'])


def test_same_names_in_several_places():
    assert pairs(
        ['s1/rgb/1.png', 's2/rgb/1.png'], ['s2/depth/1.png', 's1/depth/1.png']
    ) == [
        ('s1/rgb/1.png', 's1/depth/1.png'),
        ('s2/rgb/1.png', 's2/depth/1.png'),
    ]


def test_without_folders_only_where_no_name_comes_twice():
    one = ['images/train/1.png', 'images/val/2.png']
    assert len(pairs(one, ['masks/1.png', 'masks/2.png'])) == 2
    two = ['images/train/1.png', 'images/val/1.png']
    assert pairs(two, ['masks/1.png']) == []


def test_the_whole_name_goes_before_its_key():
    assert pairs(
        ['images/1.png', 'images/img_1.png'], ['masks/img_1.png']
    ) == [('images/img_1.png', 'masks/img_1.png')]


def test_ids_go_before_colours():
    assert pairs(
        ['leftImg8bit/a_leftImg8bit.png'],
        [
            'gtFine/a_gtFine_color.png',
            'gtFine/a_gtFine_labelIds.png',
            'gtFine/a_gtFine_labelTrainIds.png',
        ],
    ) == [
        (
            'leftImg8bit/a_leftImg8bit.png',
            'gtFine/a_gtFine_labelTrainIds.png',
        )
    ]


def test_two_truths():
    with pytest.raises(FolderError, match='both could be the truth of images'):
        pairs(['images/a.png'], ['masks/a.png', 'labels/a.png'])


def test_no_match():
    text = describe_no_match(files('rgb/a.png'), files('depth/b.png'), 'map')
    assert 'first image is rgb/a.png, the first map depth/b.png' in text
