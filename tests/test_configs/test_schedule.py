"""The schedule of segmentation: the paper's, on any number of GPUs."""

import re

import numpy as np
import torch
from config_files import BASES, load
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope

ADE20K = 'ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'


def test_schedule_is_the_papers():
    text = (BASES / 'schedules/schedule_160k.py').read_text()
    # A hundredth of the iterations has the same shape.
    text = re.sub(r'(?<=_iters = )(160000|1500)(?=\n)', r'\1 // 100', text)
    cfg = Config.fromstring(text, '.py')
    assert cfg.train_cfg.max_iters == 1600
    init_default_scope('mmseg')
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    decay = [g['weight_decay'] for g in wrapper.optimizer.param_groups]
    assert decay == [0.01, 0, 0, 0]  # weight | bias, norm weight and bias
    assert type(wrapper.optimizer) is torch.optim.AdamW

    schedulers = [
        PARAM_SCHEDULERS.build(s, default_args=dict(optimizer=wrapper))
        for s in cfg.param_scheduler
    ]
    lrs = []
    for _ in range(cfg.train_cfg.max_iters):
        lrs.append(wrapper.optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    # Up from 2.5e-10 in 15 steps, then down to 0 in 1585.
    rise = 2.5e-10 + (2.5e-4 - 2.5e-10) * np.arange(15) / 14
    fall = 2.5e-4 * np.arange(1584, -1, -1) / 1584
    np.testing.assert_allclose(lrs, [*rise, *fall], rtol=1e-6, atol=1e-15)
    assert cfg.auto_scale_lr.base_batch_size == 8 * 2


def test_accumulation_has_the_learning_rates_of_eight_gpus():
    names = ADE20K, ADE20K.replace('8xb2', '1xb2-accum8')
    cfgs = [load(name) for name in names]
    for a, b in zip(*(c.param_scheduler for c in cfgs), strict=True):
        times = {k: v * 8 for k, v in a.items() if k in ('begin', 'end')}
        assert b == {**a, **times}
    assert cfgs[1].train_cfg.val_interval == 8 * 16000
    assert cfgs[1].default_hooks.checkpoint.interval == 8 * 16000
