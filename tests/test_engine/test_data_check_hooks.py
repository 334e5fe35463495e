"""The head against the data: which splits and parts are looked at."""

from types import SimpleNamespace as Fake

import pytest
from mmseg.models import SegTTAModel
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


def loop(*classes, metrics=(), **options):
    dataset = Fake(metainfo=dict(classes=classes), **options)
    return Fake(
        dataloader=Fake(dataset=dataset), evaluator=Fake(metrics=metrics)
    )


def test_validation_data_are_looked_at_before_the_training():
    runner = class_runner(2, dict(classes=('a', 'b')))
    runner.val_loop = loop('a', 'b', 'c')
    message = r'num_classes=2, the validation data 3 classes \(a, b, c\)'
    with pytest.raises(ValueError, match=message):
        ClassCheckHook().before_train(runner)
    with pytest.raises(ValueError, match=message):
        ClassCheckHook().before_val(runner)
    runner.val_loop = loop('a', 'b')
    ClassCheckHook().before_train(runner)
    runner.val_loop = loop('b', 'a')
    with pytest.raises(ValueError, match=r'another order \(a, b; b, a\)'):
        ClassCheckHook().before_train(runner)


def test_test_data_are_looked_at():
    runner = Fake(model=Fake(num_classes=2), test_loop=loop('a', 'b', 'c'))
    with pytest.raises(ValueError, match=r'=2, the test data 3 classes'):
        ClassCheckHook().before_test(runner)
    runner.test_loop = loop('a', 'b')
    ClassCheckHook().before_test(runner)
    metric = Fake(ignore_index=0)
    runner.test_loop = loop('a', 'b', metrics=[metric], ignore_index=255)
    with pytest.raises(ValueError, match=r'ignore_index of Simple.*=0: such'):
        ClassCheckHook().before_test(runner)


@pytest.mark.parametrize('kind', [ClassCheckHook, DepthRangeCheckHook])
def test_each_part_of_a_wrapped_data_set_is_looked_at(kind):
    good = Fake(metainfo=dict(classes=('a', 'b'), max_depth=10.0))
    bad = Fake(metainfo=dict(classes=('a',), max_depth=80.0))
    model = Fake(num_classes=2, decode_head=Fake(max_depth=10.0))
    for parts, fails in (
        ([good, bad], True),
        ([good, Fake(dataset=bad)], True),
        ([Fake(dataset=good), good], False),
    ):
        dataset = Fake(dataset=Fake(datasets=parts), metainfo=good.metainfo)
        runner = Fake(model=model, train_dataloader=Fake(dataset=dataset))
        if fails:
            with pytest.raises(ValueError, match=r'the training data (1|80)'):
                kind().before_train(runner)
        else:
            kind().before_train(runner)


def test_a_model_inside_of_test_time_augmentation():
    model = nn.Identity()
    model.num_classes, model.test_step = 3, None
    runner = Fake(
        model=nn.DataParallel(SegTTAModel(model)), test_loop=loop('a', 'b')
    )
    with pytest.raises(ValueError, match=r'2 classes \(a, b\)\.'):
        ClassCheckHook().before_test(runner)
