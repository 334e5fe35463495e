"""Fewer labels: the same configs on a share of their training images."""

from collections.abc import Iterable
from copy import deepcopy
from fractions import Fraction
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

INDICES = 'train_dataloader.dataset.indices'


def spread_indices(count: int, fraction: Fraction) -> list[int]:
    """Images that lie evenly over all of them: every eighth for 1/8.

    Neighbouring frames of a video are all alike. What a fraction takes, its
    double takes too, if both are 1/n.

    Args:
        count: How many images there are.
        fraction: Above 0, at most 1.
    """
    step = 1 / fraction
    indices = (int(i * step) for i in range(count))
    return [i for i in indices if i < count]


def label_options(fraction: Fraction, count: int) -> list[str]:
    """As for `--cfg-options`; nothing for all images."""
    if fraction == 1:
        return []
    indices = ','.join(map(str, spread_indices(count, fraction)))
    return [f'{INDICES}=[{indices}]']


def label_folder(work_dir: Path, fraction: Fraction) -> Path:
    """Of the runs; with all images they are those of the ablation itself."""
    if fraction == 1:
        return work_dir
    return work_dir / f'labels-{fraction.numerator}-of-{fraction.denominator}'


def count_images(configs: Iterable[tuple[str, Config]]) -> int:
    """How many images all configs train on.

    Args:
        configs: Path and config of each.

    Raises:
        SystemExit: not the same number for all, too few of them to
            take shares of, or a data set that no indices can be given to.
    """
    counts: dict[str, int] = {}
    seen: dict[str, int] = {}
    for config, cfg in configs:
        dataset = cfg.train_dataloader.dataset
        if 'dataset' in dataset or 'datasets' in dataset:
            raise SystemExit(
                f'{config}: --label-fractions needs a data set that takes '
                f'`indices`; {dataset.type} wraps another one. Set the '
                'indices of the inner one by --cfg-options, and give each '
                'fraction its own --work-dir.'
            )
        if dataset.get('indices') is not None:
            raise SystemExit(
                f'{config}: --label-fractions takes shares of all images, '
                f'and {INDICES} is set already.'
            )
        key = repr(dataset)
        if key not in seen:
            init_default_scope(cfg.get('default_scope') or 'mmseg')
            plain = deepcopy(dataset)
            plain.update(pipeline=[], lazy_init=False)
            seen[key] = len(DATASETS.build(plain))
        counts[config] = seen[key]
    if len({*counts.values()}) > 1:
        raise SystemExit(
            '--label-fractions: the configs train on different numbers of '
            f'images: {counts}. Wanted one data set.'
        )
    return next(iter(counts.values()))
