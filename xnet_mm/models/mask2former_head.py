"""Mask2Former's head, which says what it needs where that is missing."""

from importlib import import_module
from typing import Any

from mmseg.models.decode_heads import Mask2FormerHead

from ..registry import MODELS

# Module -> what it is for. mmdet's heads import mmcv.ops, hence the order.
NEEDED = {
    'mmcv.ops': "mmcv's compiled operators",
    'mmdet.models.dense_heads': 'MMDetection',
}
INSTALL_HELP = """\
No other model here needs that. On the OneDL packages:
    MMCV_WITH_OPS=1 pip install --no-build-isolation --no-deps \
--force-reinstall --no-binary onedl-mmcv onedl-mmcv
    pip install 'onedl-mmdetection>=3.5.1'  # extra onedl-mask2former
On OpenMMLab's own (mmcv, not mmcv-lite; compiled against the torch that is \
there):
    pip uninstall mmcv-lite
    MMCV_WITH_OPS=1 pip install --no-build-isolation --no-deps \
--force-reinstall --no-binary mmcv 'mmcv<2.2'
    pip install 'mmdet>=3.3,<3.4'  # extra upstream-mask2former
`python -m xnet_mm.check` says which of the two is here."""


@MODELS.register_module()
class CheckedMask2FormerHead(Mask2FormerHead):
    """MMSegmentation's Mask2FormerHead, checked before it is built.

    Without mmdet that head is a class of another kind, and the errors point
    elsewhere. Parameters and checkpoints are the same.

    Args:
        **kwargs: those of mmseg's Mask2FormerHead.

    Raises:
        ImportError: MMDetection or mmcv's operators are missing; says which
            and how to install them.
    """

    def __init__(self, **kwargs: Any) -> None:
        require_mask2former()
        super().__init__(**kwargs)


def require_mask2former() -> None:
    """Import what Mask2Former needs.

    Raises:
        ImportError: as `CheckedMask2FormerHead`.
    """
    missing, cause = [], None
    for module, what in NEEDED.items():
        try:
            import_module(module)
        except ImportError as error:
            missing.append(f'{what} ({module}: {error})')
            cause = cause or error
    if missing:
        raise ImportError(
            f'Mask2Former needs {" and ".join(missing)}. {INSTALL_HELP}'
        ) from cause
