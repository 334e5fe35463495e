"""Old paths that a user's code may hold: they work for one release more.

Importing an old module, or a name that left its module, gives the objects of
the new place and a DeprecationWarning that names it. Nothing is imported
before somebody asks. New code never uses these; the whole file goes with the
release after 0.1.
"""

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ROOT = __name__.rpartition('.')[0]

# Old module -> where its names are now. All below xnet_mm.
MODULES: dict[str, tuple[str, ...]] = {
    'datasets.dgp': ('datasets.conversion.dgp',),
    'datasets.lidar_projection': ('datasets.conversion.lidar_projection',),
    'datasets.nyu_sources': ('datasets.conversion.nyu_sources',),
    'datasets.scene_details': ('datasets.scenes.details',),
    'datasets.scene_layout': ('datasets.scenes.layout',),
    'datasets.scene_raycast': ('datasets.scenes.raycast',),
    'datasets.scene_renderer': ('datasets.scenes.renderer',),
    'datasets.scene_textures': ('datasets.scenes.textures',),
    'engine.ablation': ('ablation.plan',),
    'engine.ablation_figures': ('ablation.figures',),
    'engine.ablation_logs': ('ablation.logs',),
    'engine.ablation_page': ('ablation.page',),
    'engine.ablation_report': ('ablation.report',),
    'engine.ablation_runner': ('ablation.runner',),
    'engine.atomic': ('fileio.atomic',),
    'engine.benchmark': ('benchmark',),
    'engine.benchmark.clock': ('benchmark.clock',),
    'engine.benchmark.loading': ('benchmark.loading',),
    'engine.benchmark.measure': (
        'benchmark.measure',
        'benchmark.setting',
        'benchmark.calls',
    ),
    'engine.benchmark.profile': ('benchmark.profile',),
    'engine.benchmark.report': ('benchmark.report',),
    'engine.benchmark.subject': ('benchmark.subject',),
    'engine.class_check_hook': ('engine.data_check_hooks',),
    'engine.complexity': ('benchmark.complexity',),
    'engine.depth_png': ('fileio.depth_png',),
    'engine.depth_range_check_hook': ('engine.data_check_hooks',),
    'engine.export': (
        'export.model',
        'export.onnx',
        'export.aoti',
        'export.trace',
    ),
    'engine.metafile': ('benchmark.metafile',),
    'engine.prediction': ('prediction.predictor', 'prediction.inputs'),
    'engine.prediction_depth': ('prediction.depth',),
    'engine.prediction_files': ('prediction.files',),
    'engine.safe_globals': ('fileio.checkpoint',),
    'models.fast_blocks': ('fast.accelerate', 'fast.convnext', 'fast.swin'),
    'models.fast_linear': ('fast.linear',),
    'models.fast_mlp': ('fast.mlp',),
    'models.inference': ('fast.prepare',),
    'models.precision': ('fast.precision',),
    'models.triton_kernels': ('fast.kernel_calls',),
}
# A module that is still there -> names that left it -> where they are now.
NAMES: dict[str, dict[str, str]] = {
    'datasets.conversion': {
        'Job': 'datasets.threads',
        'check_pair': 'datasets.conversion.jobs',
        'place': 'datasets.conversion.jobs',
        'read_rgb': 'datasets.conversion.jobs',
        'report_broken': 'datasets.conversion.command_line',
        'run_jobs': 'datasets.threads',
        'write_list': 'datasets.conversion.jobs',
    },
    'datasets.scenes': {
        'ScenesDataset': 'datasets.scenes.dataset',
        'write_scenes': 'datasets.scenes.dataset',
    },
    'models': {'prepare_for_inference': 'fast'},
    'models.reshape': {'resize_to': 'models.resize'},
}


def install() -> None:
    """Make the old paths work, once the package is imported."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())  # last: files that exist come first
    parents = {name.rpartition('.')[0] for name in MODULES}
    for name in sorted({*NAMES, *parents} - {*MODULES}):
        module = importlib.import_module(f'{_ROOT}.{name}')
        module.__dict__['__getattr__'] = _names_of(name)


def _names_of(module: str) -> Callable[[str], Any]:
    """The module-level `__getattr__` for what left `module`."""

    def find(name: str) -> Any:
        if f'{module}.{name}' in MODULES:
            return importlib.import_module(f'{_ROOT}.{module}.{name}')
        if name not in NAMES.get(module, {}):
            raise AttributeError(
                f'module {f"{_ROOT}.{module}"!r} has no attribute {name!r}'
            )
        new = NAMES[module][name]
        _warn(f'{module}.{name}', [f'{new}.{name}'], stacklevel=3)
        found = getattr(importlib.import_module(f'{_ROOT}.{new}'), name)
        # Kept: `from ... import` asks twice.
        setattr(sys.modules[f'{_ROOT}.{module}'], name, found)
        return found

    return find


class _MovedModule(ModuleType):
    """Has the names of the modules that took over from it."""

    def __getattr__(self, name: str) -> Any:
        old = self.__name__.removeprefix(f'{_ROOT}.')
        if not name.startswith('__'):
            for new in MODULES[old]:
                module = importlib.import_module(f'{_ROOT}.{new}')
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(
            f'module {self.__name__!r} has no attribute {name!r}'
        )


class _Finder(MetaPathFinder, Loader):
    """Finds and loads the modules of `MODULES`."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        root, _, name = fullname.partition('.')
        if root != _ROOT or name not in MODULES:
            return None
        has_more = any(old.startswith(f'{name}.') for old in MODULES)
        return ModuleSpec(fullname, self, is_package=has_more)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _MovedModule(spec.name, 'Moved: see `xnet_mm.moved`.')

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__.removeprefix(f'{_ROOT}.')
        _warn(old, MODULES[old], stacklevel=3)


def _warn(old: str, new: Sequence[str], stacklevel: int) -> None:
    places = ' or '.join(f'{_ROOT}.{name}' for name in new)
    warnings.warn(
        f'{_ROOT}.{old} is now {places}; the old path goes with the next '
        'release.',
        DeprecationWarning,
        stacklevel=stacklevel,
    )
