"""Which prediction belongs to which truth; nothing is lost in silence."""

from pathlib import Path

import pytest

from xnet_mm.judge.pairs import (
    GONE_FROM_LIST,
    Pair,
    describe_alone,
    find_pairs,
    split_problem,
)
from xnet_mm.judge.sources import DEPTH_SUFFIXES


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b'x')


def pairs(root, predictions, truth, **roots):
    truth = None if truth is None else root / truth
    return find_pairs(root / predictions, truth, DEPTH_SUFFIXES, **roots)


def files(pairing, root):
    """(name, prediction, truth) relative to `root`."""
    return [
        (
            pair.name,
            pair.prediction.relative_to(root).as_posix(),
            pair.truth and pair.truth.relative_to(root).as_posix(),
        )
        for pair in pairing.pairs
    ]


def test_two_folders(tmp_path):
    touch(tmp_path, 'p/x/b.npy', 'p/a.png', 'p/only.npy', 'p/readme.md')
    touch(tmp_path, 't/x/b.png', 't/a.tif', 't/x/more.png')
    found = pairs(tmp_path, 'p', 't')
    assert files(found, tmp_path) == [
        ('a', 'p/a.png', 't/a.tif'),
        ('x/b', 'p/x/b.npy', 't/x/b.png'),
    ]
    assert found.alone == (
        (f'{tmp_path}/p/only.npy', 'no truth of this name'),
        (f'{tmp_path}/t/x/more.png', 'no prediction'),
    )
    assert found.notes == (f'{tmp_path}/p: 1 files with .md are no maps',)
    assert found.lists == ()


def test_names_are_not_files_of_the_same_stem_elsewhere(tmp_path):
    touch(tmp_path, 'p/x/1.npy', 'p/y/1.npy', 't/x/1.png', 't/z/1.png')
    found = pairs(tmp_path, 'p', 't')
    assert files(found, tmp_path) == [('x/1', 'p/x/1.npy', 't/x/1.png')]
    assert len(found.alone) == 2


def test_folder_and_split_file(tmp_path):
    touch(tmp_path, 'p/s/rgb_1.npy', 'p/s/rgb_2.npy', 'd/s/depth_1.png')
    (tmp_path / 'd/test.txt').write_text(
        's/rgb_1.jpg s/depth_1.png 518\ns/rgb_2.jpg None 518\n'
    )
    found = pairs(tmp_path, 'p', 'd/test.txt')
    assert files(found, tmp_path) == [
        ('s/rgb_1', 'p/s/rgb_1.npy', 'd/s/depth_1.png'),
        ('s/rgb_2', 'p/s/rgb_2.npy', None),
    ]
    assert not found.alone
    assert found.lists == (tmp_path / 'd/test.txt',)


def test_outputs_are_called_below_the_common_folder_of_the_images(tmp_path):
    touch(tmp_path, 'p/1.npy', 'p/2.npy', 'd/gt/1.png', 'd/gt/2.png')
    (tmp_path / 'list.txt').write_text(
        'day/drive/1.jpg gt/1.png\nday/drive/2.jpg gt/2.png\n'
    )
    found = pairs(tmp_path, 'p', 'list.txt', truth_root=tmp_path / 'd')
    assert files(found, tmp_path) == [
        ('1', 'p/1.npy', 'd/gt/1.png'),
        ('2', 'p/2.npy', 'd/gt/2.png'),
    ]


def test_selection_of_kitti(tmp_path):
    name = '2011_09_26_drive_0002_sync_{}_0000000005_image_02.png'
    image, truth = name.format('image'), name.format('groundtruth_depth')
    touch(tmp_path, f'p/{image}', f't/{truth}')
    found = pairs(tmp_path, 'p', 't')
    assert [p.truth for p in found.pairs] == [tmp_path / 't' / truth]


@pytest.mark.parametrize('truth', [None, 'pairs.txt', '.'])
def test_list_of_pairs(tmp_path, truth):
    touch(tmp_path, 'p/1.npy', 'p/2.npy', 't/one.png', 't/two.png')
    (tmp_path / 'pairs.txt').write_text('p/2.npy t/two.png\np/1.npy t/one.png')
    found = pairs(tmp_path, 'pairs.txt', truth)
    assert files(found, tmp_path) == [
        ('p/1', 'p/1.npy', 't/one.png'),
        ('p/2', 'p/2.npy', 't/two.png'),
    ]
    assert found.lists == (tmp_path / 'pairs.txt',)


def test_roots_of_a_list_of_pairs(tmp_path):
    touch(tmp_path, 'x/1.npy', 'y/one.png')
    (tmp_path / 'pairs.txt').write_text('1.npy one.png')
    found = pairs(
        *(tmp_path, 'pairs.txt', None),
        prediction_root=tmp_path / 'x',
        truth_root=tmp_path / 'y',
    )
    assert files(found, tmp_path) == [('1', 'x/1.npy', 'y/one.png')]


def test_two_lists(tmp_path):
    touch(tmp_path, 'p/a.npy', 't/a.npy')
    (tmp_path / 'p/list').write_text('a.npy\ngone.npy')
    (tmp_path / 't/list').write_text('a.npy\ngone.npy')
    found = pairs(tmp_path, 'p/list', 't/list')
    assert files(found, tmp_path) == [('a', 'p/a.npy', 't/a.npy')]
    assert found.alone == (
        (f'{tmp_path}/p/gone.npy', GONE_FROM_LIST),
        (f'{tmp_path}/t/gone.npy', GONE_FROM_LIST),
    )
    assert found.lists == (tmp_path / 'p/list', tmp_path / 't/list')


def test_a_link_to_nowhere(tmp_path):
    touch(tmp_path, 'p/a.npy', 't/a.npy', 't/b.npy')
    (tmp_path / 'p/b.npy').symlink_to('nowhere')
    found = pairs(tmp_path, 'p', 't')
    assert [pair.name for pair in found.pairs] == ['a']
    assert found.alone == ((f'{tmp_path}/p/b.npy', 'no such file'),)


def test_truth_judged_by_itself_is_noted(tmp_path):
    touch(tmp_path, 'p/a.npy', 'p/b.npy', 't/a.npy')
    (tmp_path / 't/b.npy').symlink_to(tmp_path / 'p/b.npy')
    assert pairs(tmp_path, 'p', 't').notes == (
        '1 of 2 predictions are the very files of the truth: nothing is '
        'judged by them',
    )
    assert '2 of 2 predictions are' in pairs(tmp_path, 'p', 'p').notes[0]


def test_errors(tmp_path):
    touch(tmp_path, 'p/a.npy', 'p/b.npy', 't/x.png', 'q/a.npy')
    with pytest.raises(
        ValueError,
        match=r'no prediction has the name of a truth: .*p has 2 \(a, b\), '
        r'.*t has 1 \(x\)\. Files pair by their path .*`prediction truth`',
    ):
        pairs(tmp_path, 'p', 't')
    (tmp_path / 'one.txt').write_text('p/a.npy')
    with pytest.raises(ValueError, match=r'one.txt has no truth in it: give '):
        pairs(tmp_path, 'one.txt', None)
    with pytest.raises(ValueError, match=r'p has no truth in it: give TRUTH'):
        pairs(tmp_path, 'p', None)
    (tmp_path / 'two.txt').write_text('p/a.npy q/a.npy')
    with pytest.raises(
        ValueError, match=r'two.txt says by itself which truth .* is another'
    ):
        pairs(tmp_path, 'two.txt', 'one.txt')


def test_many_files_alone_are_cut():
    alone = [(f'{i}.npy', 'why') for i in range(25)]
    lines = describe_alone(alone, 'things').splitlines()
    assert lines[0] == '25 things:' and lines[1] == '  0.npy: why'
    assert lines[-1] == '  ... and 5 more' and len(lines) == 22


def test_problem_of_either_file():
    pair = Pair('a', Path('p/a.npy'), Path('t/a.png'))
    assert split_problem('t/a.png: bad', pair) == ('t/a.png', 'bad')
    assert split_problem('p/a.npy: x: y', pair) == ('p/a.npy', 'x: y')
    assert split_problem('odd', pair) == ('p/a.npy', 'odd')
