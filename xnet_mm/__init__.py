"""xnet_mm: a pre-trained classifier as the decoder, for MMSegmentation.

Importing the package registers all of its models, data sets, transforms,
metrics, hooks and visualisers, so one line in a config is all it needs:
`custom_imports = dict(imports=['xnet_mm'])` (with `type='xnet_mm.…'` none).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from . import moved
from .paths import configs_dir, tools_dir
from .stack import INSTALL_HELP, leave_out_multimodal, missing_packages
from .version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from .prediction.model import Model

__all__ = ['__version__', 'configs_dir', 'load', 'tools_dir']


def load(
    source: str | Path,
    checkpoint: str | Path | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    tile: int | None = None,
) -> Model:
    """A trained model that is called with images: `load(folder)(image)`.

    Args:
        source: the folder of a training, one that `save_pretrained` wrote,
            OWNER/NAME on the Hugging Face hub, or (with `checkpoint`) a
            config.
        checkpoint: file that training wrote, where `source` is a config.
        device: 'cuda', 'cpu', ...; by default cuda if it is there.
        dtype: torch.bfloat16 or torch.float16 for half precision.
        tile: side of a tile, pixels: images of any size.

    Raises:
        ImportError: MMEngine or MMSegmentation is missing.
        FileNotFoundError: nothing of the kind is there.
        ValueError: see `xnet_mm.prediction.load.load`.
    """
    if missing_packages():
        raise ImportError(
            f'xnet_mm.load: not found: {", ".join(missing_packages())}. '
            f'{INSTALL_HELP}'
        )
    # Here, so that the package is imported no slower for it.
    from .prediction.load import load as load_model

    return load_model(
        source, checkpoint, device=device, dtype=dtype, tile=tile
    )


if missing_packages():
    # No error: `python -m xnet_mm.check` has to run and say what is wrong.
    warnings.warn(
        f'Not found: {", ".join(missing_packages())}. {INSTALL_HELP}',
        stacklevel=2,
    )
else:
    try:
        leave_out_multimodal()
        from . import datasets, engine, evaluation, models, visualization
    except ImportError as error:
        warnings.warn(
            f'xnet_mm registers nothing: {error!r}. {INSTALL_HELP}',
            stacklevel=2,
        )
    else:
        moved.install()
        __all__ += [
            'datasets',
            'engine',
            'evaluation',
            'models',
            'visualization',
        ]
