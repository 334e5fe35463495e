"""Which OpenMMLab distributions are found, and what is missing."""

import pytest
from environments import ONEDL, UPSTREAM, Environment

from xnet_mm import stack


def test_nothing_is_missing(monkeypatch):
    Environment(monkeypatch, ONEDL, list(stack.NAMES))
    assert stack.missing_packages() == []


def test_mmpretrain_may_be_missing_and_the_others_may_not(monkeypatch):
    Environment(monkeypatch, {}, [])
    assert stack.missing_packages() == ['mmengine', 'mmcv', 'mmseg']
    Environment(monkeypatch, {}, ['mmengine', 'mmseg'])
    assert stack.missing_packages() == ['mmcv']


def test_versions_of_what_pip_lists(monkeypatch):
    Environment(monkeypatch, {**UPSTREAM, 'onedl-mmcv': '2.3'}, [])
    assert stack.installed(stack.NAMES['mmcv']) == {
        'onedl-mmcv': '2.3',
        'mmcv': '2.0',
    }
    assert stack.installed(stack.NAMES['mmseg']) == {'mmsegmentation': '2.0'}
    assert stack.installed(('no-such-distribution',)) == {}


def test_help_names_both_kinds():
    assert "pip install 'xnet_mm[onedl]'" in stack.INSTALL_HELP
    assert "--no-build-isolation 'xnet_mm[upstream]'" in stack.INSTALL_HELP


@pytest.mark.parametrize(
    ('release', 'wanted'), [('5.24.0', False), ('4.57.1', True), (None, True)]
)
def test_language_models_that_transformers_5_breaks(
    release, wanted, monkeypatch
):
    found = {} if release is None else {'transformers': release}
    monkeypatch.setattr(stack, 'installed', lambda names: found)
    dependency = pytest.importorskip('mmpretrain.utils.dependency')
    monkeypatch.setattr(dependency, 'WITH_MULTIMODAL', True)
    stack.leave_out_multimodal()
    assert dependency.WITH_MULTIMODAL is wanted


def test_transformers_5_without_mmpretrain(monkeypatch):
    monkeypatch.setattr(stack, 'installed', lambda n: {n[0]: '5.0.0'})
    monkeypatch.setattr(stack, 'find_spec', lambda name: None)
    monkeypatch.setattr(stack, 'import_module', lambda name: 1 / 0)
    stack.leave_out_multimodal()
