"""The head against the data: number of classes, range of depth."""

from types import SimpleNamespace as Fake

import pytest
from torch import nn

from xnet_mm.engine import ClassCheckHook, DepthRangeCheckHook


def runner(head, data):
    return Fake(
        model=Fake(decode_head=Fake(**head)),
        train_dataloader=Fake(dataset=Fake(metainfo=data)),
    )


def test_another_range_is_an_error():
    with pytest.raises(
        ValueError, match=r'head has max_depth=10\.0 m.* data 80\.0 m.*metainf'
    ):
        DepthRangeCheckHook().before_train(
            runner(dict(max_depth=10.0), dict(max_depth=80.0))
        )


@pytest.mark.parametrize(
    'head, data',
    [
        (dict(max_depth=80), dict(max_depth=80.0)),
        (dict(), dict(max_depth=80.0)),
        (dict(max_depth=80.0), dict(classes=('road',))),
    ],
)
def test_the_same_range_or_another_task_is_not(head, data):
    DepthRangeCheckHook().before_train(runner(head, data))


def class_runner(heads, metainfo):
    return Fake(
        model=Fake(num_classes=heads),
        train_dataloader=Fake(dataset=Fake(metainfo=metainfo)),
    )


@pytest.mark.parametrize('heads', [12, 14])
def test_another_number_of_classes_is_an_error(heads):
    classes = tuple(f'c{i}' for i in range(13))
    with pytest.raises(
        ValueError,
        match=rf'num_classes={heads}, the training data 13 classes '
        r'\(c0, .*, c11, \.\.\.\)\. Set model\.decode_head\.num_classes=13',
    ):
        ClassCheckHook().before_train(
            class_runner(heads, dict(classes=classes))
        )


@pytest.mark.parametrize(
    'heads, metainfo',
    [
        (2, dict(classes=('road', 'sky'))),
        (None, dict(classes=('road', 'sky'))),
        (2, dict(max_depth=80.0)),
    ],
)
def test_the_same_classes_or_none_named_is_not(heads, metainfo):
    ClassCheckHook().before_train(class_runner(heads, metainfo))


def test_a_wrapped_model_is_looked_into():
    model = nn.Identity()
    model.num_classes = 3
    runner = class_runner(0, dict(classes=('a', 'b')))
    runner.model = nn.DataParallel(model)
    with pytest.raises(ValueError, match=r'2 classes \(a, b\)\.'):
        ClassCheckHook().before_train(runner)
