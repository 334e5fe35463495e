"""Which OpenMMLab distribution is here, and what to install when none is.

OpenMMLab's own packages and the maintained OneDL fork share their import
names, and pip does not see that they collide: neither is a hard requirement.
"""

from importlib.util import find_spec

INSTALL_HELP = (
    'xnet_mm needs MMEngine and MMSegmentation. Install one of the two '
    'distributions, never both:\n'
    "    pip install 'xnet_mm[onedl]'      # maintained fork, recommended\n"
    "    pip install 'xnet_mm[upstream]'   # OpenMMLab's own, for an "
    'existing cluster\n'
    '`python -m xnet_mm.check` says what is installed and what is wrong.'
)


def missing_packages() -> list[str]:
    """Import names of the required OpenMMLab packages that are not here."""
    return [n for n in ('mmengine', 'mmcv', 'mmseg') if find_spec(n) is None]
