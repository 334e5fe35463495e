"""One pass over the validation data; its sums agree with its figures."""

import numpy as np
import pytest
from mmseg.evaluation import IoUMetric
from reported import change_config, make_run

import xnet_mm
from xnet_mm.evaluation import (
    BoundaryMetric,
    DepthBoundaryMetric,
    DepthProtocolMetric,
    GridContrast,
)
from xnet_mm.prediction.run_folder import read_run_config
from xnet_mm.report.data import open_validation
from xnet_mm.report.measure import build_metrics, measure


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    made = {}

    def run(kind):
        if kind not in made:
            made[kind] = make_run(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return run


def measured(run, **changes):
    values = read_run_config(run / 'config.py') | changes
    model = xnet_mm.load(run, device='cpu')
    split = open_validation(values, run / 'config.py')
    return measure(model, split, values)


def test_classes_agree_with_the_metric(runs):
    found = measured(runs('segmentation'))
    confusion = found.classes.confusion
    right = np.diag(confusion)
    union = confusion.sum(0) + confusion.sum(1) - right
    iou = 100 * right / union
    np.testing.assert_allclose(found.by_class['IoU'], iou, atol=0.006)
    assert found.figures['mIoU'] == pytest.approx(iou.mean(), abs=0.006)
    share = 100 * right.sum() / confusion.sum()
    assert found.figures['aAcc'] == pytest.approx(share, abs=0.006)
    pixels = found.classes.reliability
    assert pixels.pixels.sum() == confusion.sum()
    assert pixels.right.sum() == right.sum()
    assert found.depth is None
    assert len(found.columns) == 5
    assert [*found.columns[0]] == ['image', 'truth', 'prediction']
    assert len(found.classes.worst.found()) == 5


def test_depth_agrees_with_the_metric(runs):
    found = measured(runs('depth'))
    counts = found.depth
    # All images have as many pixels that count, up to those beyond 8 m.
    mean = counts.abs_rel.sum() / counts.pixels.sum()
    assert found.figures['abs_rel'] == pytest.approx(mean, rel=0.1)
    assert counts.images == 5
    captions = [s.caption for s in counts.worst.found()]
    each = [float(c.split()[1].strip(',')) for c in captions]
    assert each == sorted(each, reverse=True)
    assert np.mean(each) == pytest.approx(found.figures['abs_rel'], abs=1e-4)
    assert found.classes is None


def test_both_in_one_pass(runs):
    found = measured(runs('both'))
    assert {'mIoU', 'abs_rel', 'boundary_IoU', 'dbe_accuracy'} <= {
        *found.figures
    }
    assert [*found.columns[0]] == [
        *('image', 'truth', 'prediction', 'depth, truth'),
        'depth, prediction',
    ]


def test_metrics_of_the_config_and_those_that_are_missing():
    values = dict(
        val_dataloader=dict(x=1),
        val_evaluator=dict(
            metrics=[
                dict(type='mmseg.IoUMetric', ignore_index=7, output_dir='x'),
                dict(type='xnet_mm.GridContrast', cells=(8,)),
                dict(type='os.system', command='x'),
                'nonsense',
            ]
        ),
    )
    iou, boundary, grid = build_metrics(values, True, False)
    assert isinstance(iou, IoUMetric)
    assert (iou.ignore_index, iou.output_dir) == (7, None)
    assert isinstance(boundary, BoundaryMetric)
    assert isinstance(grid, GridContrast)
    assert grid.cells == (8,)
    values = dict(
        test_evaluator=dict(
            type='DepthProtocolMetric', protocol='ddad', output_dir='x'
        )
    )
    depth, edges = build_metrics(values, False, True)
    assert isinstance(depth, DepthProtocolMetric)
    assert depth.protocol.name == 'ddad'
    assert isinstance(edges, DepthBoundaryMetric)


def test_data_of_other_classes(runs, tmp_path):
    run = make_run(tmp_path)
    change_config(
        run,
        **{
            'val_dataloader.dataset.metainfo': dict(
                classes=('road', 'grass', 'other', 'more')
            )
        },
    )
    with pytest.raises(
        ValueError, match=r'the model has 3 classes, its validation data 4'
    ):
        measured(run)


@pytest.mark.parametrize('kind', ['segmentation', 'depth'])
def test_no_truth_at_all(tmp_path, kind):
    run = make_run(tmp_path, kind)
    folder = 'labels' if kind == 'segmentation' else 'depth'
    for path in (tmp_path / 'data' / folder / 'val').iterdir():
        path.unlink()
    with pytest.raises(
        ValueError, match=r'none of the 5 validation images has truth that'
    ):
        measured(run)


def test_some_without_truth(tmp_path):
    run = make_run(tmp_path)
    (tmp_path / 'data/labels/val/0.png').unlink()
    found = measured(run)
    assert (found.images, found.classes.images) == (5, 4)
    assert len(found.columns) == 4
