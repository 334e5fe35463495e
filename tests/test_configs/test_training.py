"""The paper's configs of segmentation end to end."""

import pytest
import torch
from config_files import load
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmseg.registry import MODELS
from tiny_layouts import make_ade20k, make_cityscapes
from tiny_training import shrink

ADE20K = 'ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'
CITYSCAPES = (
    'cityscapes/xnet_swin-l_convnext-l_8xb2-160k_cityscapes-512x1024.py'
)


@pytest.mark.parametrize(
    'config, make, size',
    [
        pytest.param(ADE20K, make_ade20k, (64, 64), marks=pytest.mark.heavy),
        (CITYSCAPES, make_cityscapes, (64, 128)),
    ],
    ids=['ade20k', 'cityscapes'],
)
def test_train_and_tta_on_a_tiny_copy(
    config, make, size, tmp_path, monkeypatch
):
    make(tmp_path)
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    # The runner logs its config through yapf, which takes several seconds.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    cfg = shrink(load(config), tmp_path / 'run', size)
    runner = Runner.from_cfg(cfg)
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert all(v.isfinite().all() for v in after.values())
    assert any(not torch.equal(v, before[k]) for k, v in after.items())
    assert (tmp_path / 'run/iter_2.pth').is_file()

    # What `tools/test.py --tta` does.
    cfg = shrink(load(config), tmp_path / 'tta', size)
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.tta_model.module = cfg.model
    cfg.model = cfg.tta_model
    cfg.experiment_name = f'{tmp_path.name}-tta'
    tester = Runner.from_cfg(cfg)
    tester.model.module.load_state_dict(after)
    (batch, _) = tester.test_dataloader
    shapes = [tuple(views[0].shape[1:]) for views in batch['inputs']]
    # Six sizes (test_tta.py), each as it is and flipped.
    assert len(shapes) == 12 and shapes[::2] == shapes[1::2]
    assert len(set(shapes)) == 6
    metrics = tester.test()
    assert 0 <= metrics['mIoU'] <= 100
    assert 0 <= metrics['aAcc'] <= 100


@pytest.mark.heavy
@pytest.mark.parametrize('config', [ADE20K, CITYSCAPES])
def test_full_size(config):
    cfg = load(config)
    init_default_scope('mmseg')
    cfg.merge_from_dict(
        {'model.backbone.weights': None, 'model.neck.weights': None}
    )
    model = MODELS.build(cfg.model).eval()
    for module, millions in (
        (model.backbone.encoder, 195.2),  # Swin-L without its classifier
        (model.neck.decoder, 196.2),  # ConvNeXt-L likewise
    ):
        count = sum(p.numel() for p in module.parameters())
        assert count / 1e6 == pytest.approx(millions, abs=0.3)
    size = cfg.model.data_preprocessor.size
    with torch.no_grad():
        logits = model(torch.zeros(1, 3, *size), mode='tensor')
    assert logits.shape[1] == cfg.model.decode_head.num_classes
    assert logits.isfinite().all()
