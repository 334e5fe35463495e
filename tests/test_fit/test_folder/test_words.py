"""Names that people give to folders and files."""

import pytest

from xnet_mm.fit.folder.words import read_part, read_stem


@pytest.mark.parametrize(
    ('name', 'role', 'split', 'rest'),
    [
        ('images', 'image', '', ''),
        ('JPEGImages', 'image', '', ''),
        ('leftImg8bit', 'image', '', ''),
        ('image_02', 'image', '', ''),
        ('gtFine', 'label', '', ''),
        ('SegmentationClass', 'label', '', ''),
        ('SegmentationObject', 'other', '', ''),
        ('train', '', 'train', ''),
        ('validation', '', 'val', ''),
        ('train2017', '', 'train', ''),
        ('train_labels', 'label', 'train', ''),
        ('valannot', 'label', 'val', ''),
        ('gt_depth', 'depth', '', ''),
        ('depth_vis', 'other', '', ''),
        ('rgb', 'image', '', ''),
        ('scene_07', '', '', 'scene_07'),
        ('aachen', '', '', 'aachen'),
        ('Annotations-Masks', 'label', '', ''),
        ('ground_truth', 'gt', '', ''),
        ('GroundTruth', 'gt', '', ''),
    ],
)
def test_folders(name, role, split, rest):
    assert read_part(name) == (role, split, rest)


@pytest.mark.parametrize(
    ('name', 'role', 'key'),
    [
        ('a', '', 'a'),
        ('A_mask', 'label', 'a'),
        ('a-mask', 'label', 'a'),
        ('0001TP_006690_L', 'label', '0001tp_006690'),
        ('a_gtFine_labelIds', 'label', 'a'),
        ('a_gtFine_instanceIds', 'other', 'a'),
        ('a_leftImg8bit', 'image', 'a'),
        ('rgb_00012', 'image', '00012'),
        ('sync_depth_00012', 'depth', '00012'),
        ('mask12', 'label', '12'),
        ('a_depth', 'depth', 'a'),
        ('a_gt', 'gt', 'a'),
        ('final', '', 'final'),
        ('hall', '', 'hall'),
        ('mask', '', 'mask'),
        ('template', '', 'template'),
    ],
)
def test_files(name, role, key):
    assert read_stem(name)[:2] == (role, key)
