"""What every test starts from: the default scope of the shipped configs."""

import os

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from mmengine.visualization import Visualizer

if not torch.cuda.is_available():
    # Before anything imports Triton: its kernels run in Python then.
    os.environ.setdefault('TRITON_INTERPRET', '1')
# Tests leave nothing in the user's folders, nor do the tools that they run.
os.environ['XNET_MM_CACHE'] = 'off'


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('mmseg')


@pytest.fixture(autouse=True)
def seeded():
    """The same numbers in each run, whatever tests came before."""
    set_random_seed(0)


@pytest.fixture(autouse=True)
def no_visualizer():
    """MMEngine keeps one of each name and class; its hooks take the last."""
    kinds = [Visualizer]
    for kind in kinds:  # which grows
        kind._instance_dict.clear()
        kinds += kind.__subclasses__()


def pytest_collection_modifyitems(config, items):
    """Leave the campaign out (it takes long) unless `-m` names it."""
    if 'campaign' in config.option.markexpr:
        return
    marked = [i for i in items if i.get_closest_marker('campaign')]
    config.hook.pytest_deselected(items=marked)
    items[:] = [i for i in items if i not in marked]
