"""What a page says of segmentation, by hand."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from xnet_mm.report.class_sections import (
    class_legend,
    class_table,
    confusion,
    most_confused,
    reliability,
)
from xnet_mm.report.classes import ClassCounts, Reliability
from xnet_mm.report.worst import Worst


def counts_of(confusion, names=None):
    size = len(confusion)
    names = names or [f'c{i}' for i in range(size)]
    palette = [[i, i, i] for i in range(size)]
    return ClassCounts(
        tuple(names), palette, np.array(confusion), Reliability(), Worst(), 1
    )


def found_of(counts, iou):
    scores = dict(IoU=np.array(iou), Acc=np.array(iou) / 2)
    return SimpleNamespace(classes=counts, by_class=scores)


def rows(page):
    """The texts of the cells of each row."""
    return [
        [re.sub('<.*?>', '', c) for c in re.findall(r'<t[hd].*?</t[hd]>', row)]
        for row in re.findall('<tr>.*?</tr>', page)
    ]


def test_classes_from_the_best_to_the_one_that_is_not_there():
    counts = counts_of([[6, 0, 0], [0, 0, 0], [1, 0, 1]], ['a', 'b', 'c'])
    page = class_table(found_of(counts, [40.0, np.nan, 50.0]))
    head, *body = rows(page)
    assert head == ['class', 'IoU', 'Acc', 'share', '']
    assert body == [
        ['c', '50.00', '25.00', '25.0 %', ''],
        ['a', '40.00', '20.00', '75.0 %', ''],
        ['b', '–', '–', '0.0 %', ''],
    ]
    assert 'width:50.00%;background:rgb(2 2 2)' in page


def test_of_many_classes_the_best_and_the_worst():
    iou = np.linspace(99, 1, 40)
    iou[3] = np.nan
    page = class_table(found_of(counts_of(np.eye(40, dtype=int)), iou))
    shown, every = page.split('<details>')
    best, worst = shown.split('<h3>The worst</h3>')
    names = [row[0] for row in rows(best)[1:]]
    assert names == ['c0', 'c1', 'c2', 'c4', 'c5', 'c6', 'c7', 'c8']
    names = [row[0] for row in rows(worst)[1:]]
    assert names == [f'c{i}' for i in range(28, 40)]
    assert len(rows(every)) == 41


def test_the_matrix_in_per_cent_of_the_truth():
    counts = counts_of([[3, 1], [0, 0]], ['a', '<b>'])
    page = confusion(counts)
    assert '<td title="a as &lt;b&gt;: 25.00 %"' in page
    assert '<b>' not in page
    matrix = rows(page)
    assert matrix[1] == ['a', '75', '25']
    assert matrix[2] == ['&lt;b&gt;', '', '']
    assert matrix[-1] == ['a', '&lt;b&gt;', '25.0 %', '25.00 %']


def test_no_confusion():
    assert 'None: every pixel is right.' in confusion(counts_of([[3]]))


def test_the_most_confused_of_many_by_a_loop():
    rng = np.random.default_rng(0)
    matrix = rng.integers(100, size=(30, 30))
    small, names = most_confused(counts_of(matrix), 5)
    wrong = [
        sum(matrix[i, j] + matrix[j, i] for j in range(30) if j != i)
        for i in range(30)
    ]
    chosen = sorted(sorted(range(30), key=lambda i: -wrong[i])[:5])
    assert names == [*(f'c{i}' for i in chosen), 'others']
    rest = [i for i in range(30) if i not in chosen]
    groups = [[i] for i in chosen] + [rest]
    expected = [[matrix[np.ix_(a, b)].sum() for b in groups] for a in groups]
    assert small.tolist() == expected


def test_a_matrix_of_many_classes_is_small():
    page = confusion(counts_of(np.full((150, 150), 1)))
    assert 'the 20 classes with the most wrong pixels' in page
    assert page.count('<td title=') == 21 * 21


def test_the_largest_confusions_first():
    page = confusion(counts_of([[8, 2, 0], [0, 5, 5], [1, 0, 9]]))
    last = rows(page)[-3:]
    assert [row[:3] for row in last] == [
        ['c1', 'c2', '50.0 %'],
        ['c0', 'c1', '20.0 %'],
        ['c2', 'c0', '10.0 %'],
    ]


def test_a_legend_of_few_classes():
    assert class_legend(counts_of(np.eye(2))).count('class="key"') == 2
    assert class_legend(counts_of(np.eye(25))) == ''


@pytest.mark.parametrize(
    ('sure', 'right', 'words', 'error'),
    [
        ([0.9, 0.9], [True, False], 'surer than it is right', '40.00 %'),
        ([0.6, 0.6], [True, True], 'less sure than it is right', '40.00 %'),
        ([1.0, 1.0], [True, True], 'about as sure as it is', '0.00 %'),
    ],
)
def test_confidence_in_words(sure, right, words, error):
    counts = counts_of([[1]])
    counts.reliability.add(np.array(sure), np.array(right))
    page = reliability(counts)
    assert words in page
    assert f'<b>{error}</b>' in page


def test_no_scores_no_confidence():
    assert 'gives no scores' in reliability(counts_of([[1]]))
