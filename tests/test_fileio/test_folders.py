"""What lies below a folder."""

from xnet_mm.fileio.folders import list_names, walk_files


def names(folder, **options):
    return [
        path.relative_to(folder).as_posix()
        for path in walk_files(folder, **options)
    ]


def test_files_folders_links_and_circles(tmp_path):
    for name in ('b', 'a/y', 'a/x', 'c/d/z'):
        (tmp_path / 'in' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'in' / name).touch()
    folder = tmp_path / 'in'
    assert names(folder) == ['a/x', 'a/y', 'b', 'c/d/z']
    assert names(
        folder, without=[folder / 'c' / '..' / 'c', folder / 'b']
    ) == [
        *('a/x', 'a/y', 'b'),
    ]
    (folder / 'c' / 'up').symlink_to(folder)
    (folder / 'link').symlink_to('a')
    assert names(folder) == ['a/x', 'a/y', 'b', 'c/d/z', 'link/x', 'link/y']
    assert names(folder, without=[folder / 'a']) == ['b', 'c/d/z']


def test_empty_folders_and_links_to_nowhere(tmp_path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'link').symlink_to('no')
    assert names(tmp_path) == ['empty', 'link']


def test_names_with_a_suffix(tmp_path):
    for name in ('b.jpg', 'a/c.jpg', 'a/c.png', '.hidden.jpg', 'a-b/d.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'a' / 'circle').symlink_to(tmp_path)
    wanted = ['a-b/d.jpg', 'a/c.jpg', 'b.jpg']
    assert list_names(tmp_path, '.jpg') == wanted
    assert list_names(str(tmp_path)) == [
        'a-b/d.jpg',
        'a/c.jpg',
        'a/c.png',
        'b.jpg',
    ]


def test_names_in_an_empty_folder_and_here(tmp_path, monkeypatch):
    (tmp_path / 'deep.jpg').mkdir()
    assert list_names(tmp_path / 'deep.jpg', '.jpg') == []
    assert list_names(tmp_path) == ['deep.jpg']  # for the reader to name
    monkeypatch.chdir(tmp_path)
    assert list_names('') == list_names('.') == ['deep.jpg']
