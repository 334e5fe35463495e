"""Costs of the models: measured, kept, and forgotten with the model."""

import pytest
from mmengine.config import Config
from tiny_boxes import XNET_DEPTH

from xnet_mm.ablation.costs import (
    Cost,
    measure_costs,
    read_costs,
    write_costs,
)
from xnet_mm.benchmark.clock import Clock


@pytest.fixture(autouse=True)
def no_limits(monkeypatch):
    """What a matrix product reaches is no part of a cost, and slow."""
    monkeypatch.setattr(Clock, 'limits', lambda clock, dtype: (1.0, 1.0))


def config(size=(64, 64), channels=4):
    cfg = Config(dict(default_scope='mmseg', model=XNET_DEPTH))
    cfg.model.data_preprocessor.size = size
    cfg.model.decode_head.channels = channels
    return cfg


def test_measured_written_and_read(tmp_path):
    cfgs = {'a/net.py': config(), 'a/wide.py': config(channels=8)}
    costs = measure_costs(cfgs, 2)
    assert list(costs) == ['net', 'wide']
    for cost in costs.values():
        assert len(cost.seconds) == 2 and min(cost.seconds) > 0
    assert costs['wide'].macs > costs['net'].macs
    assert costs['wide'].parameters > costs['net'].parameters
    write_costs(costs, tmp_path)
    assert read_costs(cfgs, tmp_path) == costs
    # Another model of that name has other costs.
    cfgs['a/net.py'].model.decode_head.channels = 5
    assert list(read_costs(cfgs, tmp_path)) == ['wide']
    assert read_costs(cfgs, tmp_path / 'none') == {}


def test_median():
    assert Cost(1, 2, [3.0, 1.0, 5.0], 'cpu', '').median == 3


def test_different_sizes_do_not_compare():
    cfgs = {'a.py': config(), 'b.py': config((32, 64))}
    with pytest.raises(SystemExit, match='wanted one, as times'):
        measure_costs(cfgs, 1)


@pytest.mark.parametrize('text', ['{', '[1]', '{"a": {"macs": 1}}'])
def test_a_broken_file_is_named(text, tmp_path):
    (tmp_path / 'costs.json').write_text(text)
    with pytest.raises(SystemExit, match=r'costs\.json: .*Delete it and'):
        read_costs({}, tmp_path)
