"""Faults in a config: the file, and what it names."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, Registry
from mmengine.runner import Runner
from told import tell

from xnet_mm.checks import check_positive


def test_a_quoting_registry_says_it_once():
    """OpenMMLab's own registry raises the same type anew, with the class."""
    registry = Registry('quoting')

    @registry.register_module()
    class Picky:
        def __init__(self, scale=1, fault=False):
            if fault:
                np.concatenate([])
            check_positive(scale, 'scale')

    def build(**kwargs):
        try:
            registry.build(dict(type='Picky', **kwargs))
        except Exception as error:
            raise type(error)(f'class `Picky` in x.py: {error}')  # noqa: B904

    assert tell(build, scale=0) == 'scale is 0, wanted a finite number above 0'
    assert tell(build, fault=True) == ''
    assert tell(build, speed=1).startswith('config: ')
    assert "unexpected keyword argument 'speed'" in tell(build, speed=1)


def test_what_a_config_names_wrongly(tmp_path):
    said = tell(DATASETS.build, dict(type='NoSuchDataset'))
    assert said.startswith('config: NoSuchDataset is not in the ')
    model = dict(type='X')
    cfg = Config(dict(work_dir=str(tmp_path), model=model, train_cfg=dict()))
    assert tell(Runner.from_cfg, cfg).startswith('config: train_dataloader, ')
    assert tell(lambda: cfg.model.head) == (
        "config: 'ConfigDict' object has no attribute 'head'"
    )


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('a.py', 'a = 1\nb = (\n', 'SyntaxError: '),
        ('a.py', 'a = 1\nb = c\n', 'line 2: NameError: name '),
        ('a.py', "_base_ = './no.py'\n", 'no.py'),
        ('a.py', 'a = 1 / 0', 'line 1: ZeroDivisionError: '),
        ('a.py', "_base_ = './a.py'", 'it is a base of itself'),
        ('a.json', '{"a": ', 'JSONDecodeError: '),
        ('a.txt', 'a = 1', 'Only py/yml/yaml/json type are supported'),
        ('a.py', "custom_imports = dict(imports=['nowhere'])", 'nowhere'),
    ],
)
def test_faults_in_a_config_file(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    said = tell(Config.fromfile, str(path))
    assert said.startswith(f'config {path}') and message in said, said


def test_a_fault_in_a_module_that_a_config_imports(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'of_the_user.py').write_text('1 / 0')
    path = tmp_path / 'a.py'
    path.write_text("custom_imports = dict(imports=['of_the_user'])")
    assert tell(Config.fromfile, str(path)) == ''
