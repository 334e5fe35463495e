"""MMSegmentation's test.py with --out and --show-dir on depth configs."""

import cv2
import numpy as np
import pytest
from config_files import load
from tiny_clients import columns, run_mmseg, with_known_model, write_image
from tiny_depth import depth_of, write_run

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

SUN = 'sunrgbd/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544_sunrgbd.py'
OFFICIAL = (
    'kitti/xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-official-352x704.py'
)


def test_depth_maps_and_pictures(tmp_path, monkeypatch):
    data = tmp_path / 'data'
    config, checkpoint = write_run(data)
    out = tmp_path / 'out'
    run_mmseg(
        monkeypatch,
        'test.py',
        *(config, checkpoint, '--work-dir', tmp_path / 'work', '--out', out),
        *('--show-dir', tmp_path / 'show'),
        *('--cfg-options', 'default_hooks.visualization.interval=1'),
    )
    names = ['a/0', 'a/1', 'b/0', 'b/1']
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob('*.*')) == [
        f'{name}.png' for name in names
    ]
    pictures = [*tmp_path.rglob('vis_image/*.png')]
    assert len(pictures) == 4  # two images of each name
    panels = set()
    for picture in pictures:
        pixels = cv2.imread(str(picture))[..., ::-1][ROW : ROW + 48]
        panels.add(pixels[:, 2 * (64 + GAP) :][:, :64].tobytes())
    for name in names:
        depth = depth_of(cv2.imread(str(data / 'rgb' / f'{name}.png')))
        found = cv2.imread(str(out / f'{name}.png'), -1)
        assert found.dtype == np.uint16
        np.testing.assert_allclose(found, 1000 * depth, atol=1)
        assert colour_depth(depth, 0, 10).tobytes() in panels


@pytest.mark.parametrize('config', [SUN, OFFICIAL])
def test_configs_of_several_metrics_and_of_none(config, tmp_path, monkeypatch):
    """As SUN RGB-D has two, and KITTI's server takes a zip."""
    cfg, checkpoint = with_known_model(load(config), tmp_path)
    image = columns(400, 600)[0]
    for folder in ('rgb', 'depth'):
        path = tmp_path / folder / 'a.png'
        if folder == 'rgb':
            write_image(path, image)
        else:
            write_image(path, np.full((400, 600), 2000, np.uint16))
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset = dict(
        type='xnet_mm.DepthDataset',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='rgb', depth_path='depth'),
        img_suffix='.png',
        metainfo=dict(max_depth=80.0 if config == OFFICIAL else 10.0),
        pipeline=[
            step
            for step in cfg.test_dataloader.dataset.pipeline
            if step.type != 'xnet_mm.KBCrop'
        ],
        test_mode=True,
    )
    cfg.train_dataloader = cfg.val_dataloader = None
    for key in ('train_cfg', 'optim_wrapper', 'param_scheduler'):
        cfg[key] = None
    cfg.val_cfg = cfg.val_evaluator = None
    cfg.dump(tmp_path / 'config.py')
    run_mmseg(
        monkeypatch,
        'test.py',
        *(tmp_path / 'config.py', checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', tmp_path / 'out'),
    )
    found = cv2.imread(str(tmp_path / 'out/a.png'), -1)
    scale = 256 if config == OFFICIAL else 1000
    np.testing.assert_allclose(found, scale * depth_of(image), atol=1)
    assert (tmp_path / 'out.zip').exists() == (config == OFFICIAL)
