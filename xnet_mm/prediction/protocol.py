"""Which depth protocol the config of a run evaluates by."""

from collections.abc import Mapping
from typing import Any


def protocol_of(cfg: Mapping[str, Any]) -> str | None:
    """The first named protocol in `test_evaluator`; None without one."""
    metrics = cfg.get('test_evaluator') or cfg.get('val_evaluator') or []
    if isinstance(metrics, Mapping):
        metrics = metrics.get('metrics') or [metrics]
    for metric in metrics:
        kind = str(metric.get('type'))
        if kind.rpartition('.')[2] == 'DepthProtocolMetric':
            return metric.get('protocol', 'custom')
    return None
