"""Heads of Mask2Former and MaskFormer, mmcv's operators compiled or not."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry
from mmseg.models.decode_heads import Mask2FormerHead, MaskFormerHead
from mmseg.structures import SegDataSample
from torch import Tensor

from ..registry import MODELS
from .plain_operators import (
    COMPILE_HELP,
    LOCK,
    are_compiled,
    operators_importable,
)

MMDET = 'mmdet.models'
INSTALL_HELP = """\
No other model here needs that. On the OneDL packages (without its \
dependencies: one of them, which is not imported, brings a second OpenCV):
    pip install --no-deps 'onedl-mmdetection>=3.5.1'
    pip install pycocotools shapely terminaltables
On OpenMMLab's own:
    pip install 'mmdet>=3.3,<3.4'  # extra upstream-mask2former
`python -m xnet_mm.check` says which of the two is here."""
SLOWER = (
    "Mask2Former runs without mmcv's compiled operators: the same results, "
    'but slower. configs/baselines/README.md says how to compile them.'
)


@MODELS.register_module()
class CheckedMask2FormerHead(Mask2FormerHead):
    """MMSegmentation's Mask2FormerHead, which needs no compiled operators.

    Parameters and checkpoints are the same. mmcv's operators are used where
    they are compiled; if not, mmcv's deformable attention in plain torch is,
    and a line in the log says so once.

    Args:
        **kwargs: those of mmseg's Mask2FormerHead.

    Raises:
        ImportError: MMDetection is missing, or mmcv's compiled operators do
            not fit the installed torch; says which and what to do.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_mask2former()
        super().__init__(**kwargs)

    def forward(
        self, maps: Sequence[Tensor], samples: Sequence[SegDataSample] = ()
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Maps -> classes and masks of the queries, layer by layer.

        Args:
            maps: four of the backbone, (B,C_i,H/s_i,W/s_i).
            samples: what mmdet asks for and does not look at: with the
                default a call by `mode='tensor'` works, as other heads' does.

        Returns:
            Logits (B,Q,K+1) and masks (B,Q,H/4,W/4), each a list.
        """
        return super().forward(maps, samples)


@MODELS.register_module()
class CheckedMaskFormerHead(MaskFormerHead):
    """MMSegmentation's MaskFormerHead, as `CheckedMask2FormerHead`.

    Args:
        **kwargs: those of mmseg's MaskFormerHead.

    Raises:
        ImportError: as `CheckedMask2FormerHead`.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_mask2former()
        super().__init__(**kwargs)

    def forward(
        self, maps: Sequence[Tensor], samples: Sequence[SegDataSample] = ()
    ) -> tuple[Tensor, Tensor]:
        """Maps -> classes and masks of the queries, layer by layer.

        Args:
            maps: four of the backbone, (B,C_i,H/s_i,W/s_i), from stride 4.
            samples: with the images' sizes, for padding; without them a call
                by `mode='tensor'` works, as other heads' does: no padding.

        Returns:
            Logits (L,B,Q,K+1) and masks (L,B,Q,H/4,W/4).
        """
        if not samples:
            size = tuple(4 * side for side in maps[0].shape[-2:])
            meta = dict(img_shape=size, batch_input_shape=size)
            samples = [SegDataSample(metainfo=meta)] * len(maps[0])
        return super().forward(maps, samples)


def require_mask2former() -> None:
    """Import what Mask2Former needs, and derive mmseg's heads from mmdet's.

    Raises:
        ImportError: as `CheckedMask2FormerHead`.
    """
    with LOCK, operators_importable(), _mmdet_importable():
        try:
            import_module('mmcv.ops')
        except (ImportError, AssertionError) as error:
            raise ImportError(
                'Mask2Former needs mmcv.ops, which does not import '
                f'({error}). Operators that were compiled against another '
                f'torch do not load: compile them anew. {COMPILE_HELP}'
            ) from error
        try:
            heads = import_module(f'{MMDET}.dense_heads')
        except ImportError as error:
            raise ImportError(
                f'Mask2Former needs MMDetection ({MMDET}.dense_heads: '
                f'{error}). {INSTALL_HELP}'
            ) from error
        # mmseg imported it before, maybe in vain, and went on without.
        # Not by issubclass, which would remember the first answer.
        for head in (Mask2FormerHead, MaskFormerHead):
            name = head.__name__
            base = getattr(heads, name)
            if base not in head.__mro__:
                head.__bases__ = (base,)
                theirs: Any = sys.modules[head.__module__]
                setattr(theirs, f'MMDET_{name}', base)
    if not are_compiled():
        _say_slower()


@contextmanager
def _mmdet_importable() -> Iterator[None]:
    """Within it mmdet's models are imported anew, if the first time failed.

    Where an import ends in an error, Python keeps the modules that were
    complete: some have put something else in the operators' place, and all
    have registered what they define.
    """
    if MMDET in sys.modules and 'mmcv.ops' in sys.modules:
        yield
        return
    for name in [*sys.modules]:
        if name == MMDET or name.startswith(f'{MMDET}.'):
            del sys.modules[name]
    theirs = sys.modules.get('mmdet.registry')
    registries = [
        value
        for value in vars(theirs or object).values()
        if isinstance(value, Registry)
    ]
    for registry in registries:
        again = partial(registry.register_module, force=True)
        vars(registry)['register_module'] = again
    try:
        yield
    finally:
        for registry in registries:
            del vars(registry)['register_module']


@cache
def _say_slower() -> None:
    print_log(SLOWER, logger='current', level=logging.WARNING)
