"""The schedule of depth: the paper's learning rates, part by part."""

import re

import numpy as np
import pytest
import torch
from config_files import CONFIGS, load
from depth_configs import DDAD, NYU_SWIN, PAPER
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmseg.registry import MODELS
from tiny_depth_training import shrink_model


@pytest.mark.parametrize(
    'config', PAPER, ids=[c.split('/')[1][:-3] for c in PAPER]
)
def test_learning_rates_reach_their_parameters(config):
    cfg = shrink_model(load(config))
    model = MODELS.build(cfg.model)
    base = cfg.optim_wrapper.optimizer.lr
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert type(wrapper.optimizer) is torch.optim.AdamW
    group_of = {
        id(p): group
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    factor = 0.01 if 'dinov2' in config else 0.1
    parameters = dict(model.named_parameters())
    tables = 0
    for name, parameter in parameters.items():
        if not parameter.requires_grad:
            assert id(parameter) not in group_of
            continue
        group = group_of[id(parameter)]
        is_encoder = name.startswith('backbone.')
        wanted = base * factor if is_encoder else base
        assert group['lr'] == pytest.approx(wanted, rel=1e-12), name
        is_table = 'relative_position_bias_table' in name
        tables += is_table
        if is_table or (parameter.ndim == 1 and not is_encoder):
            assert group['weight_decay'] == 0, name
        else:
            assert group['weight_decay'] == 0.01, name
    assert tables == (4 if 'swin' in config else 0)


def test_paper_learning_rate_is_one_override():
    cfg = load(DDAD)
    cfg.merge_from_dict({'optim_wrapper.optimizer.lr': 1e-6})
    wrapper = build_optim_wrapper(
        MODELS.build(shrink_model(cfg).model), cfg.optim_wrapper
    )
    lrs = {group['lr'] for group in wrapper.optimizer.param_groups}
    assert sorted(lrs) == pytest.approx([1e-7, 1e-6])
    # One place: no other config says a learning rate.
    places = [
        path.name
        for path in CONFIGS.rglob('*depth*.py')
        if re.search(r'\blr=', path.read_text())
    ]
    assert places == ['schedule_depth_80k.py']


@pytest.mark.parametrize('config, k', [(NYU_SWIN, 80), (DDAD, 120)])
def test_schedule_is_the_papers(config, k):
    """A hundredth of it, which has the same shape."""
    cfg = load(config)
    assert cfg.train_cfg.max_iters == 1000 * k
    assert cfg.auto_scale_lr.base_batch_size == 8 * 2
    assert cfg.train_cfg.val_interval == cfg.default_hooks.checkpoint.interval
    for scheduler in cfg.param_scheduler:
        scheduler.begin //= 100
        scheduler.end //= 100
    wrapper = build_optim_wrapper(torch.nn.Linear(2, 2), cfg.optim_wrapper)
    assert wrapper.optimizer.param_groups[0]['weight_decay'] == 0.01
    base = cfg.optim_wrapper.optimizer.lr
    schedulers = [
        PARAM_SCHEDULERS.build(s, default_args=dict(optimizer=wrapper))
        for s in cfg.param_scheduler
    ]
    lrs = []
    for _ in range(10 * k):
        lrs.append(wrapper.optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    # Up in 16 steps, then down to 0 in the rest.
    rise = 1e-6 + (1 - 1e-6) * np.arange(16) / 15
    fall = np.arange(10 * k - 17, -1, -1) / (10 * k - 17)
    np.testing.assert_allclose(
        lrs, base * np.array([*rise, *fall]), rtol=1e-6, atol=1e-12
    )
