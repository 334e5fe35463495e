"""The paper's depth configs end to end."""

from zipfile import ZipFile

import cv2
import numpy as np
import pytest
import torch
from config_files import load
from depth_configs import (
    DDAD,
    EIGEN_DINO,
    EIGEN_SWIN,
    NYU_DINO,
    NYU_SWIN,
    OFFICIAL,
    SUN,
)
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS
from tiny_depth_layouts import (
    make_ddad,
    make_kitti_eigen,
    make_kitti_official,
    make_nyu,
    make_sunrgbd,
)
from tiny_depth_training import shrink


@pytest.mark.parametrize(
    'config, make, counted',
    [
        (NYU_SWIN, make_nyu, 2),
        (NYU_DINO, make_nyu, 2),
        (EIGEN_SWIN, make_kitti_eigen, 1),
        (EIGEN_DINO, make_kitti_eigen, 1),
        (DDAD, make_ddad, 2),
    ],
    ids=['nyu-swin', 'nyu-dino', 'eigen-swin', 'eigen-dino', 'ddad'],
)
def test_train_and_test_on_a_tiny_copy(
    config, make, counted, tmp_path, monkeypatch
):
    runner = train(config, make, tmp_path, monkeypatch)
    assert (tmp_path / 'run/iter_2.pth').is_file()
    (best,) = (tmp_path / 'run').glob('best_abs_rel_iter_2.pth')

    cfg = shrink(load(config), tmp_path / 'test')
    cfg.load_from = str(best)
    tester = Runner.from_cfg(cfg)
    metrics = tester.test()
    assert 0 <= metrics['d1'] <= metrics['d2'] <= metrics['d3'] <= 1
    assert metrics['abs_rel'] > 0 and np.isfinite([*metrics.values()]).all()
    validated = runner.message_hub.get_scalar('val/abs_rel').current()
    assert metrics['abs_rel'] == pytest.approx(validated, rel=1e-4)

    # What `tools/test.py --tta` does.
    cfg = shrink(load(config), tmp_path / 'tta')
    cfg.load_from = None
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    tta = Runner.from_cfg(cfg)
    tta.model.module.load_state_dict(tester.model.state_dict())
    flipped = tta.test()
    if config == DDAD:
        assert flipped['abs_rel'] != pytest.approx(metrics['abs_rel'])
    else:  # the model flips already
        assert flipped['abs_rel'] == pytest.approx(
            metrics['abs_rel'], rel=1e-4
        )


def train(config, make, folder, monkeypatch):
    """Two iterations and a validation; the runner."""
    make(folder)
    monkeypatch.setenv('XNET_MM_DATA', str(folder))
    # The runner logs its config through yapf, which takes several seconds.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    runner = Runner.from_cfg(shrink(load(config), folder / 'run'))
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert all(v.isfinite().all() for v in after.values())
    assert any(not torch.equal(v, before[k]) for k, v in after.items())
    return runner


def test_official_validates_and_writes_the_submission(tmp_path, monkeypatch):
    runner = train(OFFICIAL, make_kitti_official, tmp_path, monkeypatch)
    assert (tmp_path / 'run/best_silog_iter_2.pth').is_file()
    assert runner.message_hub.get_scalar('val/irmse').current() > 0

    cfg = shrink(load(OFFICIAL), tmp_path / 'test')
    cfg.load_from = str(tmp_path / 'run/iter_2.pth')
    cfg.test_evaluator.output_dir = str(tmp_path / 'maps')
    Runner.from_cfg(cfg).test()
    with ZipFile(tmp_path / 'maps.zip') as archive:
        names = archive.namelist()
        raw = np.frombuffer(archive.read(names[0]), np.uint8)
    assert names == ['0000000000.png', '0000000001.png']
    depth = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    assert (depth.dtype, depth.shape) == (np.uint16, (352, 1216))
    assert 0 < depth.min() <= depth.max() <= 80 * 256


def test_nyu_model_on_sun_rgbd(tmp_path, monkeypatch):
    make_sunrgbd(tmp_path)
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    cfg = shrink(load(SUN), tmp_path / 'test')
    metrics = Runner.from_cfg(cfg).test()
    assert metrics['abs_rel'] > 0 and metrics['without_nyu/abs_rel'] > 0
    # The second of the two images is NYU's.
    assert metrics['abs_rel'] != metrics['without_nyu/abs_rel']


def test_tta_keeps_the_padding_of_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    cfg = shrink(load(SUN), tmp_path / 'tta')
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    model = Runner.from_cfg(cfg).model.module
    assert model.data_preprocessor.test_cfg == dict(size_divisor=32)


@pytest.mark.heavy
@pytest.mark.parametrize(
    'config, encoder, decoder',
    [
        (NYU_SWIN, 195.2, 27.9),
        (NYU_DINO, 304.4, 87.7),
        (EIGEN_SWIN, 195.2, 87.6),
        (EIGEN_DINO, 304.4, 87.7),
        (OFFICIAL, 304.4, 87.7),
        (SUN, 195.2, 27.9),
        (DDAD, 195.2, 87.6),
    ],
)
def test_full_size(config, encoder, decoder):
    """Builds; training and test sizes run; depth lies in its range."""
    cfg = load(config)
    cfg.model.backbone.weights = cfg.model.neck.weights = None
    model = MODELS.build(cfg.model).eval()
    for module, millions in (
        (model.backbone.encoder, encoder),
        (model.neck.decoder, decoder),
    ):
        count = sum(p.numel() for p in module.parameters())
        assert count / 1e6 == pytest.approx(millions, abs=0.3)
    sizes = [cfg.model.data_preprocessor.size]
    sizes += [(427, 561)] if config == SUN else []
    for size in sizes:
        with torch.no_grad():
            depth = model.encode_decode(torch.zeros(1, 3, *size))
        assert depth.shape == (1, 1, *size)
        assert (
            0 < depth.min() <= depth.max() <= cfg.model.decode_head.max_depth
        )
