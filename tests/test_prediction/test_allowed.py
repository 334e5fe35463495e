"""The list of what a shared model may say fits the shipped configs."""

import inspect

import pytest
from doc_examples import ROOT
from mmengine.config import Config
from mmseg.registry import MODELS, TRANSFORMS

from xnet_mm.prediction import allowed
from xnet_mm.prediction.saved_checks import FORMAT, check_saved
from xnet_mm.prediction.saved_config import plain_config

CONFIGS = sorted(
    path
    for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)
# Words that lead to files, addresses, code, or further classes.
NEVER = {
    *('init_cfg', 'pretrained', 'weights', 'checkpoint', 'checkpoint_path'),
    *('backend_args', 'file_client_args', 'class_weight', 'plugins', 'dcn'),
    *('conv_cfg', 'loss_decode', 'sampler', 'train_cfg', 'batch_augments'),
    *('pretrained_cfg', 'pretrained_cfg_overlay', 'cache_dir', '_scope_'),
    *('_base_', '_delete_', 'custom_imports', 'norm_layer', 'act_layer'),
}


# Of packages that may be missing, or on top of one.
OTHERS = ('LN2d', 'xnet_mm.CheckedMask2FormerHead')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_every_shipped_config_can_be_shared(path):
    plain = plain_config(Config.fromfile(path))
    check_saved(dict(format=FORMAT, **plain, channels=3))
    again = plain_config(
        Config(
            dict(model=plain['model'], test_pipeline=plain['test_pipeline'])
        )
    )
    assert again == plain


def test_there_are_configs():
    assert len(CONFIGS) > 60


@pytest.mark.parametrize(
    ('registry', 'table'),
    [(MODELS, allowed.MODELS), (TRANSFORMS, allowed.TRANSFORMS)],
    ids=['models', 'transforms'],
)
def test_every_name_is_registered_and_has_the_options(registry, table):
    for name, options in table.items():
        if name.startswith(('mmdet.', 'mmpretrain.')) or name in OTHERS:
            continue
        with registry.switch_scope_and_registry('mmseg') as inner:
            cls = inner.get(name)
        assert isinstance(cls, type), name
        known = {
            key
            for base in cls.__mro__
            if '__init__' in vars(base)
            for key in inspect.signature(vars(base)['__init__']).parameters
        }
        assert options <= known | {'upsample'}, (name, options - known)


def test_nothing_on_it_opens_a_file():
    options = {*allowed.UNTYPED, *allowed.TIMM}
    for table in (allowed.MODELS, allowed.TRANSFORMS):
        options |= {key for values in table.values() for key in values}
    assert not options & NEVER
    assert {*allowed.SEGMENTORS} <= {*allowed.MODELS}
    assert {*allowed.LOADERS} <= {*allowed.TRANSFORMS}
    assert not {'LoadAnnotations', 'TestTimeAug'} & {*allowed.TRANSFORMS}
