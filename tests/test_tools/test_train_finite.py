"""tools/train.py where numbers are none, or rates go by unknown layers."""

import pytest
import tiny
import torch
from tool_runs import run_tool

STOPS = (ValueError, SystemExit)


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Train with changes to the config; where."""
    monkeypatch.setenv('LOCAL_RANK', '0')
    root = tiny.write_tiny_seg(tmp_path / 'data')

    def run(*options, extra=''):
        config = tiny.write_tiny_config(
            tmp_path / 'config.py', root, extra=extra
        )
        run_tool(
            monkeypatch,
            *('train.py', config, '--work-dir', tmp_path / 'work'),
            *('--cfg-options', 'default_hooks.checkpoint.interval=1'),
            *options,
        )

    return run


def test_a_rate_far_too_high(train, tmp_path):
    with pytest.raises(STOPS, match=r'^Iteration 2: loss=(nan|inf).*images: '):
        train('optim_wrapper.optimizer.lr=1e30')
    files = list((tmp_path / 'work').rglob('*.pth'))
    assert [file.name for file in files] == ['iter_1.pth']
    for file in files:
        state = torch.load(file, weights_only=False)['state_dict']
        assert all(tensor.isfinite().all() for tensor in state.values())


def test_rates_by_layer(train, tmp_path):
    with pytest.raises(STOPS, match=r'PretrainedEncoder.*xnet_mm\.LayerDecay'):
        train(
            'optim_wrapper.constructor=LearningRateDecayOptimizerConstructor',
            extra="""
model['backbone'] = dict(
    type='xnet_mm.PretrainedEncoder', encoder='resnet10t')
""",
        )
