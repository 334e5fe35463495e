"""Mask2Former's head says what it needs before it is built."""

import sys
from types import ModuleType

import pytest
from mmseg.models.decode_heads import Mask2FormerHead
from mmseg.registry import MODELS

from xnet_mm.models import CheckedMask2FormerHead, mask2former_head
from xnet_mm.models.mask2former_head import NEEDED, require_mask2former


def pretend(monkeypatch, absent):
    """Let the needed modules be there, but for `absent`."""
    for name in NEEDED:
        module = None if name in absent else ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)


def test_all_there_is_silent(monkeypatch):
    pretend(monkeypatch, [])
    assert require_mask2former() is None


@pytest.mark.parametrize(
    ('absent', 'start'),
    [
        (['mmcv.ops'], "Mask2Former needs mmcv's compiled operators (mmcv."),
        (
            ['mmdet.models.dense_heads'],
            'Mask2Former needs MMDetection (mmdet.models.dense_heads: ',
        ),
        ([*NEEDED], "Mask2Former needs mmcv's compiled operators (mmcv.ops: "),
    ],
    ids=['operators', 'mmdet', 'both'],
)
def test_what_is_missing_is_named_with_the_remedy(absent, start, monkeypatch):
    pretend(monkeypatch, absent)
    with pytest.raises(ImportError) as error:
        require_mask2former()
    text = str(error.value)
    assert text.startswith(start)
    for name, what in NEEDED.items():
        assert (f'{what} ({name}: ' in text) == (name in absent)
    assert text.endswith(mask2former_head.INSTALL_HELP)
    # The first of the import errors, with its own words.
    assert isinstance(error.value.__cause__, ImportError)
    assert absent[0] in str(error.value.__cause__)


def test_the_head_is_mmsegs_own_behind_the_check(monkeypatch):
    pretend(monkeypatch, [*NEEDED])
    assert issubclass(CheckedMask2FormerHead, Mask2FormerHead)
    with pytest.raises(ImportError, match=r'Mask2Former needs .*MMDetection'):
        MODELS.build(dict(type='xnet_mm.CheckedMask2FormerHead'))
    seen = []
    pretend(monkeypatch, [])
    monkeypatch.setattr(
        Mask2FormerHead, '__init__', lambda self, **kwargs: seen.append(kwargs)
    )
    CheckedMask2FormerHead(num_classes=5, num_queries=7)
    assert seen == [dict(num_classes=5, num_queries=7)]
