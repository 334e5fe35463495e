"""The head's range against the data's."""

from types import SimpleNamespace as Fake

import pytest

from xnet_mm.engine import DepthRangeCheckHook


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
