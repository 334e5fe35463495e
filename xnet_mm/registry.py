"""The package's registries: children of MMEngine's, filled on first use.

`type='xnet_mm.PFPHead'` in any config makes MMEngine import this module and
then the package named in `locations`, so that no `custom_imports` line is
needed. MMEngine hides an import error of this module, hence it imports
nothing but mmengine.
"""

from typing import Any

from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import EVALUATOR as MMENGINE_EVALUATOR
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIMS
from mmengine.registry import STRATEGIES as MMENGINE_STRATEGIES
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry as MMEngineRegistry

# Where MMEngine looks up `xnet_mm::camvid/x.py`, and MMSegInferencer a
# model's name with `scope='xnet_mm'`.
MODULE2PACKAGE.setdefault('xnet_mm', 'xnet_mm')


class Registry(MMEngineRegistry):
    """MMEngine's, where MMSegmentation's names are found too.

    So `default_scope='xnet_mm'` builds what `default_scope='mmseg'` does.
    """

    def get(self, key: str) -> Any:
        """The class of a name, None without one."""
        found = super().get(key)
        if found is None and '.' not in key:
            found = super().get(f'mmseg.{key}')
        return found


MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='xnet_mm',
    locations=['xnet_mm.models'],
)
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='xnet_mm',
    locations=['xnet_mm.datasets'],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='xnet_mm',
    locations=['xnet_mm.datasets'],
)
METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='xnet_mm',
    locations=['xnet_mm.evaluation'],
)
EVALUATOR = Registry(
    'evaluator',
    parent=MMENGINE_EVALUATOR,
    scope='xnet_mm',
    locations=['xnet_mm.evaluation'],
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='xnet_mm',
    locations=['xnet_mm.engine'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIMS,
    scope='xnet_mm',
    locations=['xnet_mm.engine'],
)
STRATEGIES = Registry(
    'strategy',
    parent=MMENGINE_STRATEGIES,
    scope='xnet_mm',
    locations=['xnet_mm.engine'],
)
VISUALIZERS = Registry(
    'visualizer',
    parent=MMENGINE_VISUALIZERS,
    scope='xnet_mm',
    locations=['xnet_mm.visualization'],
)


def share_with_mmseg(registry: MMEngineRegistry) -> None:
    """Register all of `registry` in mmseg's registry of the same kind too.

    So both spellings work in a config: `type='xnet_mm.PFPHead'` (nothing
    else needed) and `type='PFPHead'` (after `custom_imports`).

    Raises:
        KeyError: a name that mmseg already owns (from mmengine).
    """
    import mmseg.registry

    theirs = {
        r.name: r
        for r in vars(mmseg.registry).values()
        if isinstance(r, MMEngineRegistry)
    }[registry.name]
    for name, cls in registry.module_dict.items():
        if theirs.module_dict.get(name) is not cls:
            theirs.register_module(name=name, module=cls)
