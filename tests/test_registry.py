"""A config's `type` finds our classes, with the scope and without."""

import subprocess
import sys
from pathlib import Path

import mmseg.registry as mmseg_registry
import pytest
from mmengine.registry import Registry

import xnet_mm
from xnet_mm import registry

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = {
    'model': 'PFPHead',
    'dataset': 'DepthDataset',
    'transform': 'LoadDepth',
    'evaluator': 'LabelledEvaluator',
    'metric': 'DepthProtocolMetric',
    'hook': 'SafeCheckpointHook',
    'optimizer wrapper constructor': 'LayerDecayOptimWrapperConstructor',
    'strategy': 'FSDP2Strategy',
    'visualizer': 'SegPanelVisualizer',
}


def children():
    return {
        r.name: r
        for r in vars(registry).values()
        if isinstance(r, Registry) and r.scope == 'xnet_mm'
    }


def test_one_registry_for_each_kind():
    assert set(children()) == set(EXAMPLES)


@pytest.mark.parametrize(('kind', 'name'), EXAMPLES.items())
def test_both_spellings(kind, name):
    ours = children()[kind]
    theirs = {
        r.name: r
        for r in vars(mmseg_registry).values()
        if isinstance(r, Registry)
    }
    cls = ours.get(name)
    assert cls.__module__.startswith('xnet_mm.')
    assert ours.parent.get(f'xnet_mm.{name}') is cls
    if kind != 'strategy':  # MMEngine's runner looks in its own
        assert theirs[kind].get(name) is cls


def test_first_use_imports_the_room():
    code = (
        'from mmengine.registry import HOOKS\n'
        "print(HOOKS.get('xnet_mm.IterationSeedHook').__module__)"
    )
    run = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.endswith('xnet_mm.engine.seed_hook\n'), run.stderr


def test_a_name_that_mmseg_owns_is_refused():
    mine = Registry('model', scope='xnet_mm')
    mine.register_module(name='EncoderDecoder', module=type('A', (), {}))
    with pytest.raises(KeyError, match='EncoderDecoder is already registered'):
        registry.share_with_mmseg(mine)
    assert xnet_mm.models.PFPHead is mmseg_registry.MODELS.get('PFPHead')
