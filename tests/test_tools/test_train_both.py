"""A model of classes and depth through the tools, from the outside."""

from functools import partial

import cv2
import numpy as np
import pytest
from config_files import CONFIGS
from mmengine.config import Config
from needs import needs_torch
from tool_runs import run_tool

from xnet_mm.datasets.scenes.dataset import write_scenes
from xnet_mm.fileio.checkpoint import load_checkpoint_file

DEMO = CONFIGS / (
    'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-both-192x256.py'
)
SIZE = (64, 48)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config, checkpoint and data of two iterations."""
    folder = tmp_path_factory.mktemp('both')
    write_scenes(folder / 'data/scenes', 4, 2, SIZE, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('LOCAL_RANK', '0')  # the tool sets it: undo that
        patch.setenv('XNET_MM_DATA', str(folder / 'data'))
        cfg = Config.fromfile(DEMO)
        cfg.model.backbone.update(encoder='convnext_atto', weights=None)
        cfg.model.neck.update(decoder='convnext_atto', weights=None)
        cfg.model.data_preprocessor.size = (40, 48)
        for step in cfg.train_dataloader.dataset.pipeline:
            if step['type'] == 'RandomCrop':
                step['crop_size'] = (40, 48)
        for part in ('train', 'val', 'test'):
            cfg[f'{part}_dataloader'].update(
                num_workers=0, persistent_workers=False
            )
        cfg.train_cfg.update(max_iters=2, val_interval=2, val_begin=1)
        cfg.default_hooks.checkpoint.interval = 2
        cfg.log_level = 'WARNING'
        cfg.dump(folder / 'both.py')
        run_tool(
            *(patch, 'train.py', folder / 'both.py'),
            *('--work-dir', folder / 'work'),
        )
    return folder / 'both.py', folder / 'work/iter_2.pth', folder / 'data'


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch)


def names(folder):
    return sorted(
        str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file()
    )


def test_the_checkpoint_says_classes_and_range(trained):
    meta = load_checkpoint_file(trained[1])['meta']['dataset_meta']
    assert len(meta['classes']) == 10 and meta['max_depth'] == 10.0


@pytest.mark.parametrize('tta', [(), ('--tta',)], ids=['plain', 'tta'])
def test_one_test_gives_both(trained, tmp_path, run, tta):
    config, checkpoint, _ = trained
    run(
        *('test.py', config, checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', tmp_path / 'out', '--show-dir', tmp_path / 'show', *tta),
    )
    assert names(tmp_path / 'out') == [
        f'{kind}/000{i}.png' for kind in ('depth', 'labels') for i in (4, 5)
    ]
    depth = cv2.imread(str(tmp_path / 'out/depth/0004.png'), -1)
    labels = cv2.imread(str(tmp_path / 'out/labels/0004.png'), -1)
    assert depth.dtype == np.uint16 and labels.dtype == np.uint8
    assert depth.shape == labels.shape == SIZE[::-1]
    assert depth.min() > 0 and depth.max() <= 10000 and labels.max() < 10
    assert len([n for n in names(tmp_path / 'show') if '.png' in n]) == 2
    (log,) = (tmp_path / 'work').glob('*/*.json')
    assert '"mIoU"' in log.read_text() and '"abs_rel"' in log.read_text()


def test_predict_writes_both(trained, tmp_path, run):
    config, checkpoint, data = trained
    out = tmp_path / 'out'
    run(
        *('predict.py', config, checkpoint, data / 'scenes/images'),
        *('--out-dir', out, '--device', 'cpu', '--opacity', 1),
    )
    stems = [f'000{i}' for i in range(6)]
    assert names(out) == sorted(
        ['legend.png']
        + [f'{k}/{s}.png' for k in ('depth', 'labels', 'pictures')
           for s in stems]
    )  # fmt: skip
    picture = cv2.imread(str(out / 'pictures/0000.png'))
    labels = cv2.imread(str(out / 'labels/0000.png'), -1)
    meta = load_checkpoint_file(checkpoint)['meta']['dataset_meta']
    overlay = np.array(meta['palette'], np.uint8)[labels][..., ::-1]
    np.testing.assert_array_equal(picture[: SIZE[1], : SIZE[0]], overlay)
    assert picture.shape[0] > 2 * SIZE[1]  # depth is below


@pytest.mark.parametrize(
    'name',
    [
        'a.onnx',
        pytest.param('a.pt2', marks=needs_torch('2.6', 'a .pt2 file')),
    ],
)
def test_export_refuses(trained, tmp_path, run, name):
    config, checkpoint, _ = trained
    with pytest.raises(SystemExit, match='gives classes and depth; an expor'):
        run('export.py', config, checkpoint, tmp_path / name)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ('task', 'base', 'message'),
    [
        (
            'segmentation',
            'demo/xnet_effnet-lite0_effnet-lite0_1xb4-400_scenes-192x256.py',
            'of classes and depth, the config is a segmentation model',
        ),
        (
            'depth',
            'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth-192x256'
            '.py',
            'of classes and depth, the config is a depth model',
        ),
    ],
)
def test_no_model_of_one_task_takes_the_checkpoint(
    trained, tmp_path, run, task, base, message
):
    with pytest.raises(SystemExit, match=message):
        run(
            *('predict.py', CONFIGS / base, trained[1]),
            *(trained[2] / 'scenes/images', '--out-dir', tmp_path / 'out'),
        )
