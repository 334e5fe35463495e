"""Several depth metrics, and files as of one."""

from collections.abc import Sequence

from mmengine.evaluator import Evaluator

from ..registry import EVALUATOR


@EVALUATOR.register_module()
class DepthEvaluator(Evaluator):
    """Depth metrics where `output_dir` can be set as for a single one.

    In a config it stands for a list of metrics, to which MMSegmentation's
    `test.py --out` can add nothing.

    Args:
        metrics: settings of `DepthProtocolMetric` each.
        output_dir: write each prediction there; see the metric.
        keep_results: no matter, as for the metric.
    """

    def __init__(
        self,
        metrics: Sequence[dict],
        output_dir: str | None = None,
        keep_results: bool = True,
    ) -> None:
        metrics = [dict(metric) for metric in metrics]
        if output_dir is not None:
            metrics[0]['output_dir'] = output_dir
        super().__init__(metrics)
