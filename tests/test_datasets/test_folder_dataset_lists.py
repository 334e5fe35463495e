"""Lists, class names and folders as other systems leave them."""

import pytest
from seg_pairs import CLASSES, build, make_pairs


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def images(dataset):
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]


@pytest.mark.parametrize('check', [True, False])
@pytest.mark.parametrize('text', ['b\r\na\r\n', '\n b\t\r\n\r\na  ', 'b\na'])
def test_split_files_of_windows(root, text, check):
    (root / 'train.txt').write_bytes(text.encode('utf-8-sig'))
    dataset = build(root, ann_file='train.txt', check=check)
    assert images(dataset) == [str(root / f'images/{n}.jpg') for n in 'ba']


@pytest.mark.parametrize('check', [True, False])
def test_split_files_that_are_none(root, check):
    (root / 'train.txt').write_bytes('a\nb\n'.encode('utf-16'))
    with pytest.raises(ValueError, match=r'train\.txt: a text in UTF-16; sav'):
        build(root, ann_file='train.txt', check=check)
    (root / 'train.txt').write_bytes(b'\x93NUMPY\1\0')
    with pytest.raises(ValueError, match=r'train\.txt: not a text file'):
        build(root, ann_file='train.txt', check=check)


def test_class_names_in_a_file(root):
    path = root / 'classes.txt'
    path.write_bytes('\r\n'.join([*CLASSES, '']).encode('utf-8-sig'))
    dataset = build(root, metainfo=dict(classes=str(path)))
    assert dataset.metainfo['classes'] == [*CLASSES]
    path.write_bytes('\n'.join(CLASSES).encode('utf-16'))
    with pytest.raises(ValueError, match=r'classes\.txt: a text in UTF-16'):
        build(root, metainfo=dict(classes=str(path)))


def test_links_that_lead_back(root):
    for kind in ('images', 'labels'):
        (root / kind / 'deep').mkdir()
        for path in (root / kind).glob('b.*'):
            path.rename(root / kind / 'deep' / path.name)
        (root / 'elsewhere').mkdir(exist_ok=True)
        (root / kind / 'deep').rename(root / 'elsewhere' / kind)
        (root / kind / 'link').symlink_to(root / 'elsewhere' / kind)
        (root / 'elsewhere' / kind / 'back').symlink_to(root / kind)
        (root / kind / 'self').symlink_to(root / kind)
    wanted = [f'{root}/images/a.jpg', f'{root}/images/link/b.jpg']
    assert images(build(root)) == wanted
