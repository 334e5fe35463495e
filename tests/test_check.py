"""What `python -m xnet_mm.check` says of sound and broken environments."""

import re
import subprocess
import sys
import sysconfig
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from environments import ONEDL, UPSTREAM, Environment
from mmengine.registry import Registry

from xnet_mm import check, registry, stack

ROOT = Path(__file__).resolve().parents[1]


def test_the_fork_needs_no_ops(monkeypatch):
    Environment(monkeypatch, ONEDL, list(stack.NAMES))
    assert stack.missing_packages() == []
    assert check.check_stack() == ('stack', 'OneDL', '')
    assert check.check_ops().value == 'not compiled, none is needed'
    assert check.check_ops().cure == ''
    found = check.check_import_name('mmseg')
    assert found == ('mmseg', 'onedl-mmsegmentation 1.0', '')


def test_all_that_registers_is_looked_at():
    rooms = {
        place.removeprefix('xnet_mm.')
        for r in vars(registry).values()
        if isinstance(r, Registry)
        for place in r._locations
        if place.startswith('xnet_mm.')
    }
    assert {'datasets', 'engine', 'evaluation', 'models'} < rooms
    assert rooms <= set(check.ROOMS)
    assert check.check_package().cure == ''


@pytest.mark.parametrize('room', check.ROOMS)
def test_a_room_that_does_not_import(monkeypatch, room):
    monkeypatch.setitem(sys.modules, f'xnet_mm.{room}', None)
    found = check.check_package()
    assert 'registers nothing: ModuleNotFoundError' in found.value
    assert f'xnet_mm.{room}' in found.value
    assert 'please report the line above' in found.cure


def test_upstream_without_ops_is_told_how_to_build_them(monkeypatch):
    Environment(monkeypatch, UPSTREAM, list(stack.NAMES))
    assert check.check_stack() == ('stack', "OpenMMLab's own", '')
    assert '--no-build-isolation' in check.check_ops().cure


def test_upstream_with_ops(monkeypatch):
    Environment(monkeypatch, UPSTREAM, [*stack.NAMES, 'mmcv._ext'])
    assert check.check_ops() == ('mmcv ops', 'compiled', '')


def test_missing_mmseg_names_both_installs(monkeypatch):
    modules = [n for n in stack.NAMES if n != 'mmseg']
    Environment(monkeypatch, {'onedl-mmcv': '1.0'}, modules)
    assert stack.missing_packages() == ['mmseg']
    found = check.check_import_name('mmseg')
    assert found.value == 'not installed'
    assert "pip install 'xnet_mm[onedl]'" in found.cure
    assert "pip install --no-build-isolation 'xnet_mm[upstream]'" in found.cure


def test_missing_mmpretrain_is_no_fault(monkeypatch):
    Environment(monkeypatch, {}, [])
    assert check.check_import_name('mmpretrain').cure == ''


@pytest.mark.parametrize('second', ['mmengine', 'mmcv-lite'])
def test_both_distributions_collide(monkeypatch, second):
    versions = {**ONEDL, second: '2.0'}
    Environment(monkeypatch, versions, list(stack.NAMES))
    found = check.check_stack()
    assert 'overwrite each other' in found.value
    assert re.search(f'pip uninstall -y .*{second}.*, then', found.cure)


def test_two_variants_of_upstream_mmcv_collide(monkeypatch):
    versions = {**UPSTREAM, 'mmcv-lite': '2.0'}
    Environment(monkeypatch, versions, list(stack.NAMES))
    assert 'overwrite each other' in check.check_stack().value


def test_files_deleted_by_the_twin(monkeypatch):
    Environment(monkeypatch, {'onedl-mmengine': '1.0'}, [])
    found = check.check_import_name('mmengine')
    assert found.value.endswith('is listed, but its files are gone')
    assert found.cure.endswith('--no-deps onedl-mmengine==1.0')


def test_undeclared_dependency_of_mmseg(monkeypatch):
    Environment(monkeypatch, UPSTREAM, list(stack.NAMES))

    def broken(name):
        raise ModuleNotFoundError("No module named 'ftfy'", name='ftfy')

    monkeypatch.setattr(check.importlib, 'import_module', broken)
    assert check.check_mmseg().cure == 'pip install ftfy'


@pytest.mark.parametrize(
    ('version', 'cure'),
    [
        ('0.9.16', "pip install 'timm>=1.0.31'"),
        ('1.0.30', "pip install 'timm>=1.0.31'"),
        ('1.0.31', ''),
        ('1.0.31.dev0', ''),
        ('1.1.0', ''),
    ],
)
def test_old_timm(monkeypatch, version, cure):
    monkeypatch.setattr('timm.__version__', version)
    assert check.check_timm().cure == cure


def test_hub_is_not_asked(monkeypatch, tmp_path):
    (tmp_path / 'models--timm--resnet18.a1_in1k').mkdir()
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path))
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    found = check.check_hub()
    assert found.value == (
        f'offline by HF_HUB_OFFLINE; 1 models in {tmp_path}'
    )


def test_report_and_exit_status(monkeypatch, capsys):
    good = check.Finding('torch', '2.15')
    bad = check.Finding('mmcv', 'gone', 'pip install it')
    monkeypatch.setattr(check, 'CHECKS', [lambda: good])
    assert check.main() == 0
    assert capsys.readouterr().out.endswith('All is well.\n')
    monkeypatch.setattr(check, 'CHECKS', [lambda: bad, lambda: bad])
    assert check.main() == 1
    out = capsys.readouterr().out
    assert out.count('-> pip install it') == 1
    assert out.endswith('1 to mend.\n')


def test_check_runs_with_nothing_installed():
    # -S and -I: the standard library alone, as in an empty environment.
    code = f'import sys; sys.path.insert(0, {str(ROOT)!r})\n'
    code += 'import runpy; runpy.run_module("xnet_mm.check", '
    code += 'run_name="__main__")'
    command = [sys.executable, '-I', '-S', '-c', code]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1, run.stderr
    assert 'BAD  mmengine       not installed' in run.stdout
    assert "BAD  torch          No module named 'torch'" in run.stdout
    assert 'xnet_mm[onedl]' in run.stderr  # the warning on import
    assert sysconfig.get_path('purelib') not in run.stdout


@pytest.mark.parametrize(
    ('origin', 'wanted'),
    [
        ('mmcv/_ext.py', 'a stand-in in Python, none is needed'),
        ('mmcv/_ext.cpython-311-x86_64-linux-gnu.so', 'compiled'),
    ],
)
def test_a_stand_in_for_operators_is_named(origin, wanted, monkeypatch):
    monkeypatch.setattr(
        check, 'find_spec', lambda name: ModuleSpec(name, None, origin=origin)
    )
    assert check.check_ops() == ('mmcv ops', wanted, '')
