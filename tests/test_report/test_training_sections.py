"""What a page says of the training data and its course."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from xnet_mm.ablation.logs import RunLog
from xnet_mm.prediction.run_folder import Run
from xnet_mm.report.overview import Overview
from xnet_mm.report.training_sections import curves, data


def report_of(training=None, classes=('a', 'b'), confusion=None, log='gone'):
    size = len(classes)
    counts = SimpleNamespace(
        classes=classes,
        palette=[[9, 9, 9]] * size,
        confusion=np.eye(size, dtype=int) if confusion is None else confusion,
    )
    return SimpleNamespace(
        training=training,
        measured=SimpleNamespace(images=7, classes=counts),
        log=log,
        run=Run(Path('c.py'), Path('iter_2.pth'), ''),
        values=dict(train_cfg=dict(type='IterBasedTrainLoop')),
    )


def test_shares_of_the_classes_the_largest_on_top():
    found = Overview(9, 8, 1, Counter({(4, 3): 5, (3, 4): 3}))
    found.classes, found.void = np.array([10, 30]), 10
    confusion = np.array([[1, 2], [0, 1]])
    page = data(report_of(found, confusion=confusion))
    assert '9 images to train on, 7 to validate.' in page
    assert '4×3 (5), 3×4 (3). 1 could not be read.' in page
    assert 'Looked at' not in page
    assert '20.0 % of the training pixels have none' in page
    first, second = page.index('>75.00 %<'), page.index('>25.00 %<')
    assert first < second
    assert page.count('>25.00 %<') == 2  # of a in training, b in validation
    assert 'width:33.33%' in page


def test_some_of_many_images_and_classes():
    found = Overview(9, 3, 0, Counter({(i, 1): 1 for i in range(5)}))
    found.classes = np.arange(30)
    names = tuple(f'c{i}' for i in range(30))
    page = data(report_of(found, names))
    assert 'Looked at: 3 of them, in even steps.' in page
    assert ', ....' in page
    shown, every = page.split('<details>')
    assert 'c29' in shown
    assert 'c5<' not in shown
    assert 'c5<' in every


def test_a_histogram_of_depth():
    found = Overview(2, 2, 0, Counter({(4, 3): 2}), far=8.0)
    found.depths, found.unknown = np.array([1, 2]), 1
    page = data(report_of(found))
    assert 'alt="histogram of true depth"' in page
    assert '25.0 % of the pixels have no depth, or one beyond 8 m' in page


def test_what_is_not_there():
    assert data(report_of('a <b>')) == '<p class="">Not shown: a &lt;b&gt;</p>'
    assert curves(report_of()) == '<p class="">Not shown: gone</p>'
    page = curves(report_of(log=RunLog({}, {}, {})))
    assert 'no loss and no figure' in page


def test_a_curve_of_each_task():
    figures = dict(mIoU=1.0, mAcc=2.0, abs_rel=3.0, silog=4.0, d1=5.0)
    page = curves(report_of(log=RunLog({1: 1.0}, {2: figures}, {1: 0.1})))
    assert page.count('<img') == 4  # loss, rate, mIoU, AbsRel
    assert 'iteration 2. Runs' in page
    page = curves(report_of(log=RunLog({}, {2: dict(silog=1.0)}, {})))
    assert page.count('<img') == 1
