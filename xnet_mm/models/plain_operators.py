"""Import of `mmcv.ops` where mmcv came without its compiled operators.

mmcv-lite and a plain onedl-mmcv lack `mmcv._ext`, and `mmcv.ops` cannot be
imported, though not all of it needs that: deformable attention is there in
plain torch too. Nothing here comes into play where `mmcv._ext` is a real one.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from threading import RLock
from types import SimpleNamespace
from typing import Any

from torch import Tensor

EXTENSION = 'mmcv._ext'
ATTENTION = 'mmcv.ops.multi_scale_deform_attn'
COMPILE_HELP = """\
To compile mmcv's operators, on the OneDL packages:
    MMCV_WITH_OPS=1 pip install --no-build-isolation --no-deps \
--force-reinstall --no-binary onedl-mmcv onedl-mmcv
On OpenMMLab's own (mmcv, not mmcv-lite; against the torch that is there):
    pip uninstall mmcv-lite
    MMCV_WITH_OPS=1 pip install --no-build-isolation --no-deps \
--force-reinstall --no-binary mmcv 'mmcv<2.2'"""
# What says how the operators were compiled: mmcv's collect_env asks for it.
FACTS = ('get_compiler_version', 'get_compiling_cuda_version')
LOCK = RLock()


def are_compiled() -> bool:
    """Whether mmcv has compiled operators, be they of use or not."""
    loaded = sys.modules.get(EXTENSION)
    if loaded is not None:
        origin = getattr(loaded, '__file__', None)
    else:
        spec = find_spec(EXTENSION) if find_spec('mmcv') else None
        origin = spec and spec.origin
    return str(origin).endswith(tuple(EXTENSION_SUFFIXES))


@contextmanager
def operators_importable() -> Iterator[None]:
    """Within it `mmcv.ops` can be imported; `mmcv._ext` stays what it is.

    Where the operators are not compiled, each that is called raises a
    RuntimeError that names it; deformable attention runs in plain torch, on
    any device.
    """
    with LOCK:
        if are_compiled():
            yield
            return
        loader: Any = import_module('mmcv.utils.ext_loader')
        theirs = loader.load_ext
        loader.load_ext = _stand_in
        try:
            yield
        finally:
            loader.load_ext = theirs
        if ATTENTION in sys.modules:
            attention: Any = sys.modules[ATTENTION]
            attention.MultiScaleDeformableAttnFunction = PlainSampling


class PlainSampling:
    """mmcv's deformable attention on a GPU, without its operator."""

    @staticmethod
    def apply(
        value: Tensor,
        shapes: Tensor,
        starts: Tensor,
        locations: Tensor,
        weights: Tensor,
        step: int,
    ) -> Tensor:
        """The arguments of mmcv's function; `starts`, `step` are not used."""
        sample = sys.modules[ATTENTION].multi_scale_deformable_attn_pytorch
        return sample(value, shapes, locations, weights)


def _stand_in(name: str, operators: Sequence[str]) -> SimpleNamespace:
    """In the place of mmcv's `load_ext`."""
    return SimpleNamespace(
        **{
            name: (lambda: 'n/a') if name in FACTS else _missing(name)
            for name in operators
        }
    )


def _missing(name: str) -> Callable:
    def operator(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            f"mmcv's operator {name} is not compiled here, and what was "
            f'called needs it. {COMPILE_HELP}'
        )

    operator.__name__ = name
    return operator
