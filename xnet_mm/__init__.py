"""xnet_mm: a pre-trained classifier as the decoder, for MMSegmentation.

Importing the package registers all of its models, data sets, transforms,
metrics, hooks and visualisers, so one line in a config is all it needs:
`custom_imports = dict(imports=['xnet_mm'])` (with `type='xnet_mm.…'` none).
"""

import warnings

from . import moved
from .paths import configs_dir, tools_dir
from .stack import INSTALL_HELP, missing_packages
from .version import __version__

__all__ = ['__version__', 'configs_dir', 'tools_dir']

if missing_packages():
    # No error: `python -m xnet_mm.check` has to run and say what is wrong.
    warnings.warn(
        f'Not found: {", ".join(missing_packages())}. {INSTALL_HELP}',
        stacklevel=2,
    )
else:
    try:
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
