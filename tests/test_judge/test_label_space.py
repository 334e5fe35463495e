"""Which ids are which classes, by text file, config and data set."""

import numpy as np
import pytest
from told import tell

import xnet_mm
from xnet_mm.judge.label_space import LabelSpace, find_label_space

THREE = LabelSpace(('road', 'grass', 'other'), 'c.txt')


def ids(*values):
    return np.array([values], np.int64)


def test_plain_ids():
    found = THREE.to_classes(ids(0, 2, 255, 1), 'a.png')
    assert found.tolist() == [[0, 2, 255, 1]] and found.dtype == np.uint8
    assert THREE.describe() == '3 classes of c.txt: ids 0..2, ignored: 255'


def test_another_id_to_ignore():
    space = LabelSpace(THREE.classes, 'c.txt', 65535)
    assert space.to_classes(ids(0, 65535), 'a').tolist() == [[0, 255]]
    assert 'holds id 255, but' in tell(space.to_classes, ids(255), 'a')


def test_ids_from_one():
    space = LabelSpace(THREE.classes, 'c.txt', reduce_zero_label=True)
    found = space.to_classes(ids(0, 1, 3, 255), 'a')
    assert found.tolist() == [[255, 0, 2, 255]]
    assert space.describe().endswith('ids 1..3, ignored: 0 and 255')
    assert 'holds id 4, but' in tell(space.to_classes, ids(4), 'a')


def test_choice_of_classes():
    space = LabelSpace(('a', 'c'), 'x', label_map={0: 0, 1: 255, 2: 1})
    assert space.to_classes(ids(0, 1, 2), 'a').tolist() == [[0, 255, 1]]
    assert 'holds id 3' in tell(space.to_classes, ids(3), 'a')


def test_wrong_ids_are_named():
    said = tell(THREE.to_classes, ids(0, 3), 'x/a.png')
    assert said == (
        'x/a.png: holds id 3, but there are 3 classes of c.txt: ids 0..2, '
        'ignored: 255. If the ids begin at 1 and 0 means "unlabelled", give '
        '--reduce-zero-label. Name every class in --classes, or give '
        '--ignore-index 3, if it marks pixels without truth'
    )
    said = tell(THREE.to_classes, ids(-1, 7, 8, 9, 10, 11, 300), 'a')
    assert 'holds id -1, 7, 8, 9, 10, ..., but' in said
    assert '--ignore-index' not in said


def test_text_file(tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_text('\ufeffroad\n\n old grass \nother\n', encoding='utf-8')
    space = find_label_space(str(path), None, False)
    assert space.classes == ('road', 'old grass', 'other')
    assert space.ignore_index == 255 and not space.reduce_zero_label
    space = find_label_space(str(path), 7, True)
    assert space.ignore_index == 7 and space.reduce_zero_label


@pytest.mark.parametrize('name', ['cityscapes', 'CityscapesDataset'])
def test_data_set_of_mmsegmentation(name):
    space = find_label_space(name, None, False)
    assert len(space.classes) == 19 and space.classes[0] == 'road'
    assert not space.reduce_zero_label


def test_data_set_whose_ids_begin_at_one():
    space = find_label_space('ade20k', None, False)
    assert len(space.classes) == 150 and space.reduce_zero_label


def test_our_data_set_and_a_shipped_config():
    config = next((xnet_mm.configs_dir() / 'camvid').glob('*.py'))
    by_name = find_label_space('camvid', None, False)
    by_config = find_label_space(str(config), None, False)
    assert by_name.classes == by_config.classes
    assert len(by_name.classes) == 11


def test_choice_of_a_config(tmp_path):
    path = tmp_path / 'c.py'
    path.write_text(
        "test_dataloader = dict(dataset=dict(type='CityscapesDataset', "
        "metainfo=dict(classes=('sky', 'road')), data_root='nowhere'))"
    )
    space = find_label_space(str(path), None, False)
    assert space.classes == ('sky', 'road')
    # Of its 19 classes road is 0 and sky is 10.
    found = space.to_classes(ids(0, 10, 1, 255), 'a')
    assert found.tolist() == [[1, 0, 255, 255]]


def test_errors(tmp_path):
    def said(text, *more, name='c.txt'):
        (tmp_path / name).write_text(text)
        options = more or (None, False)
        return tell(find_label_space, str(tmp_path / name), *options)

    assert said('\n').endswith('no class; wanted a name a line')
    assert said('a\nb\na').endswith("c.txt: the class 'a' comes twice")
    many = '\n'.join(map(str, range(256)))
    assert 'at most 255 fit' in said(many)
    assert said('a\nb', 1, False) == (
        f'--ignore-index 1 is a class of {tmp_path}/c.txt (ids 0..1); take '
        'an id that is none'
    )
    assert 'take an id that is none' in said('a\nb', 2, True)
    assert tell(find_label_space, 'nowhere', None, False) == (
        '--classes nowhere: no such file, and no data set of that name; '
        'wanted a text file with a name a line, a config, or a data set as '
        'cityscapes or ADE20KDataset'
    )
    assert 'no test_dataloader.dataset' in said('a = 1', name='c.py')
    assert 'config not found' in tell(
        find_label_space, str(tmp_path / 'none.py'), None, False
    )
    depth = "test_dataloader = dict(dataset=dict(type='DepthDataset'))"
    assert 'DepthDataset has no label maps; wanted' in said(depth, name='d.py')
