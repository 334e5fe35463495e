"""tools/test.py and weights that give no numbers."""

import pytest
import tiny
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from tool_runs import run_tool

from xnet_mm.visualization import SegPanelVisualizer

NAME = 'decode_head.conv_seg.bias'
STOPS = (ValueError, SystemExit)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'), num=2)


@pytest.fixture
def run(root, tmp_path, monkeypatch):
    """Test a checkpoint that has a value in one place; the output folder."""
    monkeypatch.setenv('LOCAL_RANK', '0')

    def test(value, *options):
        SegPanelVisualizer._instance_dict.clear()
        config = tiny.write_tiny_config(tmp_path / 'config.py', root)
        model = MODELS.build(Config.fromfile(config).model)
        state = model.state_dict()
        state[NAME][1] = value
        torch.save(dict(state_dict=state), tmp_path / 'a.pth')
        run_tool(
            monkeypatch,
            *('test.py', config, tmp_path / 'a.pth'),
            *('--work-dir', tmp_path / 'work', '--out', tmp_path / 'out'),
            *options,
        )

    return test


def test_weights_of_nan(run, tmp_path):
    message = rf'a\.pth has NaN or infinity in 1 tensor \({NAME}\): .*earlier'
    with pytest.raises(STOPS, match=message):
        run(float('nan'))
    assert not list((tmp_path / 'out').rglob('*.png'))


@pytest.mark.parametrize('options', [(), ('--tta',)])
def test_scores_of_nan(run, tmp_path, options, monkeypatch):
    """Finite weights that overflow: in all views, or in the first alone."""
    from mmseg.models.decode_heads import FCNHead

    calls, plain = [], FCNHead.forward

    def overflow(self, inputs):
        calls.append(None)
        scores = plain(self, inputs)
        return scores * 1e38 if len(calls) == 1 else scores

    monkeypatch.setattr(FCNHead, 'forward', overflow)
    message = r'images/0\.png: \d+ of 9216 class scores are NaN or infinite'
    with pytest.raises(STOPS, match=message):
        run(3e38, *options)
    assert not list((tmp_path / 'out').rglob('*.png'))
