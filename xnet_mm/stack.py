"""Which OpenMMLab distribution is here, and what to install when none is.

OpenMMLab's own packages and the maintained OneDL fork share their import
names, and pip does not see that they collide: neither is a hard requirement.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

INSTALL_HELP = """\
xnet_mm needs MMEngine and MMSegmentation. Install one of the two \
distributions, never both:
    pip install 'xnet_mm[onedl]'  # the maintained fork, for a fresh start
or OpenMMLab's own, which compiles mmcv against the torch that is there:
    pip install torch wheel 'setuptools<82'
    pip install --no-build-isolation 'xnet_mm[upstream]'
(`'.[onedl]'` or `'.[upstream]'` in a clone that is not installed yet).
`python -m xnet_mm.check` says what is installed and what is wrong."""

REQUIRED = ('mmengine', 'mmcv', 'mmseg')
OPTIONAL = ('mmpretrain',)  # its backbones only
# Import name -> the distributions that bring it.
NAMES = {
    'mmengine': ('onedl-mmengine', 'mmengine', 'mmengine-lite'),
    'mmcv': ('onedl-mmcv', 'mmcv', 'mmcv-lite', 'mmcv-full'),
    'mmseg': ('onedl-mmsegmentation', 'mmsegmentation'),
    'mmpretrain': ('onedl-mmpretrain', 'mmpretrain'),
}


def missing_packages() -> list[str]:
    """Import names of the required OpenMMLab packages that are not here."""
    return [n for n in REQUIRED if find_spec(n) is None]


def installed(names: tuple[str, ...]) -> dict[str, str]:
    """The versions of those of the distributions `names` that pip lists."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def leave_out_multimodal() -> None:
    """Let mmpretrain, and so mmdet, be imported beside transformers 5.

    Where transformers is installed mmpretrain imports language models that
    are written for 4, and fails as a whole. Told that there are no such
    models, it goes on without them; nothing here uses them. To be called
    before `mmpretrain.models` is imported.
    """
    found = installed(('transformers',)).get('transformers', '0')
    if int(found.partition('.')[0]) < 5 or find_spec('mmpretrain') is None:
        return
    dependency: Any = import_module('mmpretrain.utils.dependency')
    dependency.WITH_MULTIMODAL = False
