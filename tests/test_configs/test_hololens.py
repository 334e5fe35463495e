"""The shipped depth config on other folders of RGB and 16-bit depth pairs.

By `--cfg-options` alone, as the README of configs/hololens says.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from config_files import CONFIGS
from doc_examples import example_with
from mmengine.config import Config
from mmengine.runner import Runner

HOLOLENS = CONFIGS / 'hololens'
CONFIG = 'xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
PEERS = CONFIGS / 'baselines/hololens'


def write_pairs(root, scale, far, size=(120, 160), num=4):
    """Tilted floors: depth can be told from the grey value."""
    for folder in ('color', 'range'):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(num):
        metres = np.linspace(far, 1 + rng.random(), size[0])[:, None]
        metres = np.broadcast_to(metres, size)
        grey = 255 * metres / far + rng.integers(-5, 5, size)
        grey = grey.clip(0, 255).astype(np.uint8)
        cv2.imwrite(f'{root}/color/{i}.jpg', np.stack([grey] * 3, -1))
        stored = np.rint(metres * scale).astype(np.uint16)
        stored[:, :10] = 0
        cv2.imwrite(f'{root}/range/{i}.png', stored)
    lines = [f'color/{i}.jpg range/{i}.png\n' for i in range(num)]
    (root / 'train.txt').write_text(''.join(lines[:-1]))
    (root / 'val.txt').write_text(lines[-1])


def options(root, **settings):
    """What a user types: the same for the three data sets."""
    result = {}
    for part in ('train', 'val', 'test'):
        for key, value in dict(data_root=str(root), **settings).items():
            key = key.replace('__', '.')
            result[f'{part}_dataloader.dataset.{key}'] = value
    return result


def small(config, work_dir, **changes):
    """The config, without pre-trained weights and for two iterations."""
    cfg = Config.fromfile(HOLOLENS / config)
    cfg.merge_from_dict(
        {
            'model.backbone.weights': None,
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'train_dataloader.batch_size': 2,
            'log_level': 'WARNING',
            'work_dir': str(work_dir),
            'experiment_name': Path(work_dir).parent.name,
            **changes,
        }
    )
    if cfg.model.get('neck'):
        cfg.model.neck.weights = None
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    return cfg


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    # The runner logs its config through yapf, which takes several seconds.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')


def run(cfg):
    """Train, then test what was saved."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    cfg.load_from = f'{cfg.work_dir}/iter_2.pth'
    cfg.experiment_name += '-test'
    tester = Runner.from_cfg(cfg)
    metrics = tester.test()
    state = runner.model.state_dict()
    for name, value in tester.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    return metrics


@pytest.mark.parametrize(
    'settings, model',
    [
        (dict(depth_scale=1000.0, intrinsics=None), {}),
        (
            dict(depth_scale=256.0, intrinsics=None, metainfo__max_depth=80.0),
            {'model.decode_head.max_depth': 80.0},
        ),
    ],
    ids=['millimetres', '256 a metre'],
)
def test_another_folder_by_options_alone(settings, model, tmp_path):
    far = settings.get('metainfo__max_depth', 10.0) - 1
    write_pairs(tmp_path / 'mine', settings['depth_scale'], far)
    metrics = run(
        small(
            CONFIG,
            tmp_path / 'run',
            **options(tmp_path / 'mine', **settings),
            **model,
        )
    )
    # The probe starts in the middle of its range: 4.5 m or 40 m.
    assert 0.1 < metrics['abs_rel'] < 10
    assert metrics['rmse'] < far


def test_documented_example(tmp_path, monkeypatch):
    example = example_with('/hololens/')
    assert len(example.strip().splitlines()) <= 10
    write_pairs(tmp_path / 'data/mine', 1000.0, 9.0)
    monkeypatch.chdir(tmp_path)
    # The example lies in a folder of its own under configs/.
    example = example.replace("'../", f"'{CONFIGS}/")
    Path('mine.py').write_text(example)
    metrics = run(small(tmp_path / 'mine.py', tmp_path / 'run'))
    assert 0.1 < metrics['abs_rel'] < 10


def test_another_range_of_head_and_data_stops_the_run(tmp_path):
    write_pairs(tmp_path / 'mine', 256.0, 70.0)
    cfg = small(
        CONFIG,
        tmp_path / 'run',
        **options(
            tmp_path / 'mine',
            depth_scale=256.0,
            intrinsics=None,
            metainfo__max_depth=80.0,
        ),
    )
    with pytest.raises(ValueError, match=r'max_depth=10\.0 m.* data 80\.0 m'):
        Runner.from_cfg(cfg).train()


def test_a_wrong_scale_stops_the_run(tmp_path):
    write_pairs(tmp_path / 'mine', 1000.0, 9.0)
    cfg = small(
        CONFIG,
        tmp_path / 'run',
        **options(tmp_path / 'mine', depth_scale=1.0, intrinsics=None),
    )
    with pytest.raises(ValueError, match=r'(?s)range/\d\.png.*depth_scale'):
        Runner.from_cfg(cfg).train()


@pytest.mark.parametrize('head', ['dpt', 'upernet'])
def test_peers_train_and_test(head, tmp_path):
    write_pairs(tmp_path / 'mine', 1000.0, 9.0)
    changes = options(tmp_path / 'mine', intrinsics=None)
    config = PEERS / CONFIG.replace('xnet_effnet-lite0', head)
    metrics = run(small(config, tmp_path / 'run', **changes))
    assert 0.1 < metrics['abs_rel'] < 10


def test_random_decoder_differs_by_its_weights_alone():
    ours = Config.fromfile(HOLOLENS / CONFIG)
    random = CONFIG.replace('_1xb4', '-random_1xb4')
    theirs = Config.fromfile(HOLOLENS / random)
    assert ours.model.neck.pop('weights')
    assert theirs.model.neck.pop('weights') is None
    assert theirs.to_dict() == ours.to_dict()
