"""mmcv.ops without compiled operators: what runs, what says that it cannot."""

import math
import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from threading import Thread
from types import ModuleType

import numpy as np
import pytest
import torch
from mmcv.utils import ext_loader

from xnet_mm.models.plain_operators import (
    ATTENTION,
    EXTENSION,
    PlainSampling,
    are_compiled,
    operators_importable,
)

uncompiled = pytest.mark.skipif(
    are_compiled(), reason="mmcv's operators are compiled here"
)
absent = pytest.mark.skipif(
    find_spec(EXTENSION) is not None, reason='mmcv._ext is there'
)


@pytest.fixture
def ops():
    """mmcv.ops, as Mask2Former gets it."""
    with operators_importable():
        return import_module('mmcv.ops')


def extension(monkeypatch, file, **operators):
    """Let mmcv._ext be there."""
    module = ModuleType(EXTENSION)
    module.__file__ = file
    vars(module).update(operators)
    monkeypatch.setitem(sys.modules, EXTENSION, module)
    return module


@pytest.mark.parametrize('suffix', EXTENSION_SUFFIXES)
def test_a_real_extension_is_never_replaced(suffix, monkeypatch):
    real = extension(monkeypatch, f'/mmcv/_ext{suffix}', nms=len)
    theirs = ext_loader.load_ext
    assert are_compiled()
    with operators_importable():
        assert ext_loader.load_ext is theirs
        assert ext_loader.load_ext('_ext', ['nms']) is real
        with pytest.raises(AssertionError, match='other miss in module'):
            ext_loader.load_ext('_ext', ['other'])
    assert sys.modules[EXTENSION] is real


@pytest.mark.parametrize('file', ['/mmcv/_ext.py', None])
def test_a_stand_in_of_others_is_none(file, monkeypatch):
    extension(monkeypatch, file)
    assert not are_compiled()


@absent
def test_nobody_sees_an_extension_that_is_not_there(ops):
    before = ext_loader.load_ext
    with operators_importable():
        assert ext_loader.load_ext is not before
        assert find_spec(EXTENSION) is None
        assert EXTENSION not in sys.modules
    assert ext_loader.load_ext is before
    assert not are_compiled()
    with pytest.raises(ModuleNotFoundError, match=r'mmcv\._ext'):
        import_module(EXTENSION)
    with pytest.raises(ModuleNotFoundError, match=r'mmcv\._ext'):
        ext_loader.load_ext('_ext', ['nms'])


@uncompiled
def test_what_is_replaced_comes_back_after_an_error_too():
    before = ext_loader.load_ext
    with pytest.raises(OSError, match='broken'), operators_importable():
        raise OSError('broken')
    assert ext_loader.load_ext is before


@uncompiled
def test_threads_wait_for_each_other():
    before, seen = ext_loader.load_ext, []

    def enter():
        for _ in range(50):
            with operators_importable():
                seen.append(ext_loader.load_ext is not before)
                with operators_importable():  # of one thread: no deadlock
                    pass

    threads = [Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 200
    assert ext_loader.load_ext is before


@absent
@pytest.mark.parametrize(
    ('name', 'call'),
    [
        ('nms', lambda ops, x: ops.nms(x[:, :4], x[:, 0], 0.5)),
        (
            'roi_align_forward',
            lambda ops, x: ops.RoIAlign(2)(x[None, None], x),
        ),
        (
            'sigmoid_focal_loss_forward',
            lambda ops, x: ops.sigmoid_focal_loss(x, x[:, 0].long()),
        ),
    ],
)
def test_an_operator_that_is_called_says_its_name(name, call, ops):
    with pytest.raises(RuntimeError) as error:
        call(ops, torch.ones(3, 5))
    text = str(error.value)
    assert text.startswith(f"mmcv's operator {name} is not compiled here")
    assert 'MMCV_WITH_OPS=1 pip install' in text


@absent
def test_mmcv_can_say_what_is_installed(ops):
    assert ops.get_compiler_version() == 'n/a'
    assert ops.get_compiling_cuda_version() == 'n/a'


def bilinear(plane, x, y):
    """The value at (x, y) of pixels whose centres are at .5; 0 outside."""
    height, width = plane.shape
    left, top = math.floor(x - 0.5), math.floor(y - 0.5)
    total = 0.0
    for i in (left, left + 1):
        for j in (top, top + 1):
            if 0 <= i < width and 0 <= j < height:
                share = (1 - abs(x - 0.5 - i)) * (1 - abs(y - 0.5 - j))
                total += share * plane[j, i].item()
    return total


def test_deformable_attention_sample_by_sample(ops):
    generator = torch.Generator().manual_seed(0)
    sizes = [(3, 4), (2, 1)]
    shapes = torch.tensor(sizes)
    starts = torch.tensor([0, 12])
    batch, queries, heads, points, width = 2, 3, 2, 2, 3
    value = torch.randn(batch, 14, heads, width, generator=generator)
    where = (batch, queries, heads, len(sizes), points)
    locations = 1.4 * torch.rand(*where, 2, generator=generator) - 0.2
    weights = torch.rand(where, generator=generator)
    value.requires_grad_()
    found = PlainSampling.apply(value, shapes, starts, locations, weights, 64)
    assert found.shape == (batch, queries, heads * width)
    wanted = torch.zeros(batch, queries, heads, width)
    for b, q, h, level, p in np.ndindex(*where):
        high, wide = sizes[level]
        begin = starts[level]
        maps = value[b, begin : begin + high * wide, h].detach()
        x, y = (locations[b, q, h, level, p] * shapes[level].flip(0)).tolist()
        for c in range(width):
            plane = maps[:, c].reshape(high, wide)
            sample = bilinear(plane, x, y)
            wanted[b, q, h, c] += weights[b, q, h, level, p] * sample
    torch.testing.assert_close(found, wanted.flatten(2))
    found.sum().backward()
    assert value.grad.isfinite().all() and value.grad.any()


@uncompiled
def test_a_gpu_takes_the_same_way(ops):
    # mmcv calls this by name where a tensor is on one.
    function = sys.modules[ATTENTION].MultiScaleDeformableAttnFunction
    assert function is PlainSampling
