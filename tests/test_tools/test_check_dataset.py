"""tools/check_dataset.py, from the outside."""

import cv2
import numpy as np
import pytest
from PIL import Image
from tool_runs import run_tool

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

CONFIG = """
data = dict(
    type='xnet_mm.DepthDataset', data_root={root!r},
    data_prefix=dict(img_path='rgb', depth_path='depth'))
train_dataloader = dict(dataset=dict(**data, pipeline=[dict(type='LoadX')]))
val_dataloader = dict(dataset=dict(**data, ann_file='val.txt', test_mode=True))
test_dataloader = val_dataloader
"""


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path)


@pytest.fixture
def root(tmp_path):
    """Three maps: 75 % at 2 m, all at 4 m, and 25 % at 12 m, rest none."""
    root = tmp_path / 'data'
    for name, units, share in (
        ('a', 2000, 0.75),
        ('b', 4000, 1),
        ('c', 12000, 0.25),
    ):
        depth = np.zeros((40, 80), np.uint16)
        depth[:, : int(80 * share)] = units
        depth[0, 0] = 1000
        save(root / f'depth/{name}.png', depth)
        save(root / f'rgb/{name}.jpg', np.full((40, 80, 3), 100, np.uint8))
    (root / 'val.txt').write_text('a.jpg a.png\nb.jpg None\n')
    (tmp_path / 'config.py').write_text(CONFIG.format(root=str(root)))
    return root


@pytest.fixture
def run(monkeypatch, root, tmp_path, capsys):
    """Run the tool; gives what it printed, without frames and blanks."""

    def check(*args):
        argv = [tmp_path / 'config.py', '--workers', 2]
        argv += ['--out', tmp_path / 'out', *args]
        monkeypatch.setenv('COLUMNS', '200')
        run_tool(monkeypatch, 'check_dataset.py', *argv)
        printed = capsys.readouterr().out
        return ' '.join(printed.replace('│', ' ').split())

    return check


def test_report(run, root, tmp_path):
    text = run()
    train, val = text.split(f'val: {root}/val.txt')
    pixels = 40 * 80
    share = (0.75 + 1 + 0.25) / 3
    above = (pixels / 4 - 1) / (pixels * share * 3)
    for wanted in (
        'samples 3, 0 of them without ground truth',
        'image sizes 80x40: 3 ',
        'depth sizes 80x40: 3 ',
        'wrong files 0 ',
        'maps without any depth 0 ',
        f'valid pixels {share:.1%} (a map: 25.0% to 100.0%)',
        'depth 1.000 to 12.000 m, median of the medians 4.000 m',
        f'above max_depth 10 m {above:.2%}',
        f'Contact sheet: {tmp_path}/out/train.png',
    ):
        assert wanted in train
    assert 'samples 2, 1 of them without ground truth' in val
    assert 'depth 1.000 to 2.000 m' in val
    # The test split is the validation split.
    assert 'test:' not in text
    assert {p.name for p in (tmp_path / 'out').iterdir()} == {
        'train.png',
        'val.png',
    }


def test_contact_sheet_shows_image_depth_and_both(run, tmp_path):
    run('--split', 'val')
    sheet = cv2.imread(str(tmp_path / 'out/val.png'))[..., ::-1]
    width, height = 280, 140
    panels = [
        sheet[ROW : ROW + height, x : x + width]
        for x in (0, width + GAP, 2 * (width + GAP))
    ]
    assert np.abs(panels[0].astype(int) - 100).max() <= 1
    middle = colour_depth(np.array([[2.0]]), 0, 2)[0, 0]
    # A point of the 80x40 map is one pixel of the panel; none is at the right.
    points = (panels[1] == middle).all(-1)
    assert points.sum() == 40 * 60 - 1
    assert (panels[1][:, 210:] == 0).all()
    assert np.abs(panels[2][points] - (middle / 2 + 50)).max() <= 1
    assert (panels[2][:, 210:] == panels[0][:, 210:]).all()
    # The second sample has no ground truth.
    second = sheet[2 * ROW + height : 2 * (ROW + height)]
    assert (second[:, width + GAP : 2 * width + GAP] == 0).all()


def test_every_wrong_file_is_named(run, root, capsys):
    (root / 'rgb/a.jpg').unlink()
    save(root / 'depth/b.png', np.zeros((40, 80), np.uint8))
    save(root / 'rgb/d.jpg', np.zeros((4, 8, 3), np.uint8))
    save(root / 'depth/d.png', np.full((4, 6), 1000, np.uint16))
    save(root / 'rgb/e.jpg', np.zeros((4, 8, 3), np.uint8))
    save(root / 'depth/e.png', np.full((4, 8), 60000, np.uint16))
    save(root / 'rgb/f.jpg', np.zeros((4, 8, 3), np.uint8))
    (root / 'depth/f.png').write_bytes(b'no depth')
    save(root / 'rgb/g.jpg', np.zeros((4, 8, 3), np.uint8))
    with pytest.raises(SystemExit) as stop:
        run('--split', 'train')
    lines = stop.value.code.splitlines()
    assert lines[0] == '6 wrong file(s):'
    for line, (name, text) in zip(
        lines[1:],
        (
            ('depth/b.png', '8-bit depth (uint8'),
            ('depth/d.png', '6x4 pixels, but'),
            ('depth/e.png', 'all depths (60 to 60 m with depth_scale=1000)'),
            ('depth/f.png', 'unreadable depth'),
            ('depth/g.png', 'no such depth file'),
            ('depth/a.png', 'a depth map without an image'),
        ),
        strict=True,
    ):
        assert line.startswith(f'  train: {root}/{name}: {text}')
    assert 'wrong files' in capsys.readouterr().out


def test_split_without_any_depth(run, root):
    for name in 'abc':
        save(root / f'depth/{name}.png', np.zeros((40, 80), np.uint16))
    with pytest.raises(SystemExit, match='train: all-invalid split: none of '):
        run('--split', 'train')


def test_clear_errors(run, root, tmp_path):
    (root / 'val.txt').unlink()
    with pytest.raises(SystemExit, match='no split fil'):
        run()
    config = tmp_path / 'config.py'
    config.write_text("val_dataloader = dict(dataset=dict(type='LoveDA'))")
    with pytest.raises(SystemExit, match='val: LoveDA is no depth data set'):
        run()
    with pytest.raises(SystemExit, match='the config has no data for train'):
        run('--split', 'train')
