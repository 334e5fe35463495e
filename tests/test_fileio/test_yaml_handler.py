"""YAML is read as data by all of MMEngine."""

import mmengine
import pytest
import yaml
from mmengine.config import Config
from mmengine.fileio.handlers.registry_utils import file_handlers

import xnet_mm  # noqa: F401  (puts the handler in)
from xnet_mm.fileio.yaml_handler import PlainYamlHandler


def test_it_is_the_one_of_mmengine():
    for suffix in ('yml', 'yaml'):
        assert type(file_handlers[suffix]) is PlainYamlHandler


def test_what_mmengine_dumps_comes_back(tmp_path):
    values = dict(
        a=(1, (2.5, 'x')), b=[None, True, -3], c={'d': {}}, e='{{ text }}'
    )
    Config({k: v for k, v in values.items() if k != 'e'}).dump(
        tmp_path / 'a.yml'
    )
    mmengine.dump(values, tmp_path / 'b.yaml')
    assert mmengine.load(tmp_path / 'b.yaml') == values
    values.pop('e')
    assert Config.fromfile(tmp_path / 'a.yml').to_dict() == values


TAGS = [
    'a: !!python/object/apply:os.system ["touch {marker}"]',
    'a: !!python/object/new:os.system ["touch {marker}"]',
    'a: !!python/name:os.system',
    'a: !!python/module:os',
    'a: !!python/object:argparse.Namespace {{}}',
    '!!python/object/apply:os.system ["touch {marker}"]',
    'a: [b, {{c: !!python/object/apply:eval ["1"]}}]',
    '? !!python/object/apply:os.system ["touch {marker}"]\n: 1',
    'a: &x !!python/object/apply:os.system ["touch {marker}"]\nb: *x',
    '%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system',
    'a: !!python/tuple [!!python/object/apply:os.system ["x"]]',
]


@pytest.mark.parametrize('text', TAGS)
def test_a_python_object_is_an_error_with_its_line(text, tmp_path):
    path, marker = tmp_path / 'a.yml', tmp_path / 'marker'
    path.write_text('# a config\n' + text.format(marker=marker))
    for read in (mmengine.load, Config.fromfile):
        with pytest.raises(ValueError, match=r'line \d: the tag !!python/'):
            read(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ('text', 'what'),
    [
        ('a: [1', r'line \d: did not find|line \d: .*expected'),
        ('a: !!unknown 3', r'line 1: could not determine a constructor'),
        ('a: &a [*a]', 'nested too deep or in itself'),
        ('a: ' + '[' * 10_000, 'nested too deep'),
        ('- ' * 10_000 + '1', 'nested too deep'),
        ('? ' * 10_000 + '1', 'nested too deep'),
        (
            'a0: &a0 [1]\n'
            + ''.join(
                f'a{i}: &a{i} [{", ".join([f"*a{i - 1}"] * 9)}]\n'
                for i in range(1, 12)
            ),
            'stand for too much',
        ),
    ],
    ids=range(7),
)
def test_what_is_no_data_is_an_error(text, what, tmp_path):
    (tmp_path / 'a.yml').write_text(text)
    with pytest.raises(ValueError, match=what):
        mmengine.load(tmp_path / 'a.yml')


def test_somebody_elses_loader_is_theirs(tmp_path):
    (tmp_path / 'a.yml').write_text('a: !!python/tuple [1]')
    loaded = mmengine.load(tmp_path / 'a.yml', Loader=yaml.FullLoader)
    assert loaded == dict(a=(1,))
