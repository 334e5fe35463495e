"""What the READMEs print for those who want a peer's protocol exactly."""

import pytest
import torch
from config_files import CONFIGS, load
from depth_configs import DDAD, EIGEN_SWIN, NYU_SWIN, OFFICIAL
from mmengine.config import DictAction
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS
from tiny_boxes import XNET_DEPTH
from torch import nn

CLIP = 'optim_wrapper.clip_grad.max_norm=35'
ALWAYS = 'train_dataloader.dataset.pipeline.6.prob=1.0'
CORNERS = 'model.test_cfg.align_corners=True'
DGP = 'ddad_train_val data_dgp/ddad --convention dgp'


def with_option(config, option):
    """A config with one --cfg-options of the command line."""
    key, value = option.split('=', 1)
    cfg = load(config)
    cfg.merge_from_dict({key: DictAction._parse_int_float_bool(value)})
    return cfg


@pytest.mark.parametrize(
    ('folder', 'option'),
    [('nyu', CLIP), ('kitti', ALWAYS), ('ddad', CORNERS), ('ddad', DGP)],
)
def test_it_is_printed(folder, option):
    assert option in (CONFIGS / folder / 'README.md').read_text()


@pytest.mark.parametrize('config', [NYU_SWIN, EIGEN_SWIN, OFFICIAL, DDAD])
def test_gradients_are_clipped_by_option_only(config):
    assert 'clip_grad' not in load(config).optim_wrapper
    clip = with_option(config, CLIP).optim_wrapper.clip_grad
    layer = nn.Linear(1, 1, bias=False)
    wrapper = OptimWrapper(
        torch.optim.SGD(layer.parameters(), lr=1.0), clip_grad=clip
    )
    before = layer.weight.item()
    wrapper.update_params(layer(torch.tensor([[700.0]])).sum())
    assert before - layer.weight.item() == pytest.approx(35, rel=1e-4)


def test_colours_of_the_official_benchmark():
    def colours(cfg):
        (found,) = [
            t
            for t in cfg.train_dataloader.dataset.pipeline
            if t.type == 'xnet_mm.DepthColorAug'
        ]
        return found

    plain, changed = load(OFFICIAL), with_option(OFFICIAL, ALWAYS)
    assert colours(plain).prob == 0.5
    assert colours(changed).prob == 1.0
    colours(changed).prob = 0.5
    assert changed.train_dataloader == plain.train_dataloader


def test_gedepth_resize_reaches_the_model():
    cfg = with_option(DDAD, CORNERS)
    assert cfg.model.test_cfg == dict(
        mode='whole', flip='none', align_corners=True
    )
    model = MODELS.build(dict(XNET_DEPTH, test_cfg=cfg.model.test_cfg))
    assert model.test_cfg['align_corners'] is True
    # Only the last resize: what the model computes stays.
    assert model.align_corners is False
