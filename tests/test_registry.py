"""A config's `type` finds our classes, with the scope and without."""

import subprocess
import sys
from pathlib import Path

import mmseg.registry as mmseg_registry
import pytest
from mmcv.transforms import LoadImageFromFile
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.infer import BaseInferencer
from mmengine.registry import TRANSFORMS, DefaultScope, Registry

import xnet_mm
from xnet_mm import registry
from xnet_mm.datasets.transforms import LoadImage

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


def test_scope_of_the_package_has_the_names_of_mmseg_too():
    for scope in ('xnet_mm', 'mmseg'):
        with DefaultScope.overwrite_default_scope(scope):
            built = [
                TRANSFORMS.build(dict(type=name))
                for name in ('LoadDepth', 'PackSegInputs')
            ]
        assert [type(step).__name__ for step in built] == [
            'LoadDepth',
            'PackSegInputs',
        ]
    assert registry.MODELS.get('EncoderDecoder').__module__.startswith('mmseg')
    assert registry.MODELS.get('NoSuchModel') is None
    assert registry.MODELS.get('xnet_mm.EncoderDecoder') is None


def test_the_reader_is_ours_in_our_scope_alone():
    ours = TRANSFORMS.build(dict(type='LoadImageFromFile', _scope_='xnet_mm'))
    theirs = TRANSFORMS.build(dict(type='LoadImageFromFile'))
    assert type(ours) is LoadImage and type(theirs) is LoadImageFromFile
    stock = mmseg_registry.TRANSFORMS.get('InferencerLoader')
    assert stock.__module__.startswith('mmseg')


def test_configs_by_the_name_of_the_package():
    leaf = 'nyu/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544.py'
    assert MODULE2PACKAGE['xnet_mm'] == 'xnet_mm'
    folder = BaseInferencer._get_repo_or_mim_dir('xnet_mm')
    assert (Path(folder) / 'configs' / leaf).is_file()
