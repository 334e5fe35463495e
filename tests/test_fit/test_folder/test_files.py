from fit_folders import write

from xnet_mm.fit.folder.files import describe_file, describe_kinds, list_files


def test_what_programs_leave_is_not_listed(tmp_path):
    for name in (
        *('a.jpg', '.DS_Store', '__MACOSX/a.jpg', 'b/._a.jpg', 'Thumbs.db'),
        *('b/desktop.ini', 'b/c.png', '.git/x.png', 'run/d.png'),
    ):
        write(tmp_path / name, 'x')
    files = list_files(tmp_path, [tmp_path / 'run'])
    assert [f.path for f in files] == ['a.jpg', 'b/c.png']


def test_paths():
    file = describe_file('x/leftImg8bit/train/city/A_leftImg8bit.PNG')
    assert (file.role, file.split, file.suffix) == ('image', 'train', '.png')
    assert file.place == ('x', 'train:', 'city')
    assert file.name == 'a_leftimg8bit' and file.stem.key == 'a'
    truth = describe_file('x/gtFine/train/city/A_gtFine_color.png')
    assert truth.place == file.place and truth.role == 'label'
    assert truth.group == ('gtFine',)
    # KITTI's depth lies in a folder that is called like its camera.
    kitti = describe_file('proj_depth/groundtruth/image_02/1.png')
    assert kitti.role == 'gt'


def test_kinds():
    files = [describe_file(n) for n in ('a.jpg', 'b.JPG', 'c.txt', 'd')]
    assert describe_kinds(files) == '2 .jpg, 1 .txt, 1 no suffix'
