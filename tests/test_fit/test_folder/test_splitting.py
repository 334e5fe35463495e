import pytest
from fit_folders import write

from xnet_mm.fit.folder.files import describe_file, list_files
from xnet_mm.fit.folder.splitting import divide, finish
from xnet_mm.fit.folder.terms import FolderError, Pair


def divided(root, task='depth', truth='depth'):
    files = list_files(root)
    images = [f for f in files if f.role == 'image']
    truths = [f for f in files if f.role == truth]
    return divide(root, files, images, truths, task)


def make(root, *names):
    for name in names:
        write(root / f'rgb/{name}.png', 'x')
        write(root / f'depth/{name}.png', 'x')


def test_a_list_of_pairs_whose_names_do_not_match(tmp_path):
    for i in range(3):
        write(tmp_path / f'rgb/13050.{i}.png', 'x')
        write(tmp_path / f'depth/13051.{i}.png', 'x')
    rows = [f'/rgb/13050.{i}.png depth/13051.{i}.png' for i in range(3)]
    write(tmp_path / 'train.txt', '\n'.join(rows[:2]))
    write(tmp_path / 'val.txt', rows[2] + ' 500')
    found = divided(tmp_path)
    assert found.pairs['train'][0] == Pair(
        'rgb/13050.0.png', 'depth/13051.0.png'
    )
    assert len(found.pairs['val']) == 1 and not found.made


def test_none_and_images_in_no_list(tmp_path):
    make(tmp_path, 'a', 'b', 'c', 'd', 'e')
    write(tmp_path / 'train.txt', 'a\nb\nrgb/c.png None')
    write(tmp_path / 'val.txt', 'd')
    found = divided(tmp_path)
    assert [p.image for p in found.pairs['train']] == [
        *('rgb/a.png', 'rgb/b.png')
    ]
    assert found.without_truth == 1
    assert found.notes[0].startswith('1 images are in no list')


def test_a_truth_that_is_not_there(tmp_path):
    make(tmp_path, 'a')
    write(tmp_path / 'train.txt', 'rgb/a.png depth/z.png')
    with pytest.raises(FolderError, match=r'names depth/z\.png, but there is'):
        divided(tmp_path)


def test_val_is_chosen_of_train_and_test_stays():
    pairs = [Pair(f'{i:02d}.png', '') for i in range(20)]
    found = finish(pairs, ['train'] * 15 + ['test'] * 5, 0, 'folders')
    assert found.made and found.why.endswith('test as the folders say')
    assert {split: len(p) for split, p in found.pairs.items()} == {
        'train': 13,
        'val': 2,
        'test': 5,
    }
    assert {*found.pairs['test']} == {*pairs[15:]}
    assert {*found.pairs['train'], *found.pairs['val']} == {*pairs[:15]}


def test_without_train_the_largest_is_trained():
    pairs = [Pair(f'{i}.png', '') for i in range(10)]
    found = finish(pairs, ['val'] * 10, 2, 'folders')
    assert found.made and found.without_truth == 2
    assert len(found.pairs['train']) == 8 and len(found.pairs['val']) == 2


def test_folders(tmp_path):
    files = [
        describe_file(f'{folder}/{split}/{name}.png')
        for folder in ('rgb', 'depth')
        for split, name in (('train', 'a'), ('valid', 'b'), ('train', 'c'))
    ]
    found = divide(tmp_path, files, files[:3], files[3:5], 'depth')
    assert found.without_truth == 1
    assert found.why == 'as the folders say (train, val)'
