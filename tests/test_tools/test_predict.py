"""tools/predict.py with a segmentor, from the outside."""

from functools import partial

import cv2
import numpy as np
import pytest
import tiny
import torch
from tool_runs import run_tool


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch, 'predict.py')


@pytest.fixture(scope='module')
def trained(root, tmp_path_factory):
    """Config and checkpoint of a tiny run."""
    folder = tmp_path_factory.mktemp('trained')
    config = tiny.write_tiny_config(folder / 'predicted.py', root, iters=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('LOCAL_RANK', '0')  # the tool sets it: undo that
        run_tool(patch, 'train.py', config, '--work-dir', folder / 'work')
    return config, folder / 'work' / 'iter_2.pth'


def test_predict_a_folder(trained, tmp_path, run, root):
    config, checkpoint = trained
    source, out = tmp_path / 'in', tmp_path / 'out'
    (source / 'sub').mkdir(parents=True)
    image = cv2.imread(str(root / 'images' / '0.png'))
    names = {'a.png': 'a.png', 'sub/b.png': 'sub/b.png.png'}
    names['sub/b.bmp'] = 'sub/b.bmp.png'  # the same stem
    for name in names:
        cv2.imwrite(str(source / name), image)
    cv2.imwrite(str(source / 'wide.png'), np.hstack([image, image]))
    (source / 'broken.jpg').write_bytes(b'no image')
    with pytest.raises(SystemExit, match=r'Skipped:\n.*broken\.jpg'):
        run(
            *(config, checkpoint, source, '--out-dir', out),
            *('--batch-size', 2, '--opacity', 1, '--device', 'cpu'),
        )
    found = {str(p.relative_to(out)) for p in out.rglob('*') if p.is_file()}
    outputs = {*names.values(), 'wide.png'}
    assert found == {'legend.png'} | {
        f'{kind}/{name}' for kind in ('labels', 'overlays') for name in outputs
    }
    shapes = {}
    for name in outputs:
        labels = cv2.imread(str(out / 'labels' / name), -1)
        overlay = cv2.imread(str(out / 'overlays' / name))
        shapes[name] = labels.shape
        # Opaque: the overlay is the palette's colour of the label.
        colours = np.array(tiny.PALETTE, np.uint8)[labels]
        assert np.array_equal(overlay[..., ::-1], colours)
    assert shapes.pop('wide.png') == (48, 128)
    assert set(shapes.values()) == {(48, 64)}


def test_predict_a_video(trained, tmp_path, run, root):
    config, checkpoint = trained
    source, out = tmp_path / 'v.avi', tmp_path / 'out'
    writer = cv2.VideoWriter(
        str(source), cv2.VideoWriter_fourcc(*'MJPG'), 5, (64, 48)
    )
    for i in range(3):
        writer.write(cv2.imread(str(root / 'images' / f'{i}.png')))
    writer.release()
    run(
        *(config, checkpoint, source, '--out-dir', out),
        *('--batch-size', 2, '--device', 'cpu'),
    )
    labels = sorted(p.name for p in (out / 'labels' / 'v').iterdir())
    assert labels == ['000000.png', '000001.png', '000002.png']
    overlays = [p.name for p in (out / 'overlays').iterdir()]
    assert overlays == ['v.mp4']
    video = cv2.VideoCapture(str(out / 'overlays' / 'v.mp4'))
    frames = list(iter(lambda: video.grab(), False))
    assert len(frames) == 3


def test_clear_errors(trained, tmp_path, run, root, monkeypatch):
    config, checkpoint = trained
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    image, out = root / 'images' / '0.png', ('--out-dir', tmp_path / 'out')
    for message, *args in (
        ('config not found: no.py', 'no.py', checkpoint, image),
        ('checkpoint not found: no.pth', config, 'no.pth', image),
        ('input not found', config, checkpoint, 'no'),
        ('no images below', config, checkpoint, tmp_path),
    ):
        with pytest.raises(SystemExit, match=message):
            run(*args, *out)
    other = tiny.write_tiny_config(tmp_path / 'five.py', root, num_classes=5)
    wrong = (SystemExit, ValueError)
    with pytest.raises(wrong, match='not a checkpoint of this config'):
        run(other, checkpoint, image, *out)


def test_a_video_without_frames_is_named(trained, tmp_path, run):
    config, checkpoint = trained
    source, out = tmp_path / 'v.mp4', tmp_path / 'out'
    source.write_bytes(b'no video')
    with pytest.raises(SystemExit, match=r'v\.mp4: unreadable video'):
        run(config, checkpoint, source, '--out-dir', out)
    assert not out.exists()
