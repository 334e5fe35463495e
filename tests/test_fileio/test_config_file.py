"""Configs in YAML and JSON are data under our tools; .py is code."""

import json

import pytest
import yaml
from mmengine.config import Config

from xnet_mm import configs_dir
from xnet_mm.fileio.config_file import load_config_file

DEMO = configs_dir() / (
    'demo/xnet_effnet-lite0_effnet-lite0_1xb4-400_scenes-192x256.py'
)


def write(path, values):
    dump = json.dumps if path.suffix == '.json' else yaml.safe_dump
    path.write_text(dump(values))
    return path


@pytest.mark.parametrize('suffix', ['py', 'yml', 'yaml', 'json'])
def test_every_format_is_read(tmp_path, suffix):
    cfg = Config.fromfile(DEMO)
    cfg.dump(tmp_path / f'a.{suffix}')
    loaded = load_config_file(tmp_path / f'a.{suffix}').to_dict()
    wanted = cfg.to_dict()
    if suffix == 'json':  # which has no tuples
        wanted = json.loads(json.dumps(wanted))
    assert loaded == wanted


@pytest.mark.parametrize('name', ['a.yml', 'a.json'])
def test_data_inherits_from_data_and_from_shipped_configs(tmp_path, name):
    middle = dict(_base_=[str(DEMO)], model=dict(neck=dict(mix=None)))
    write(tmp_path / 'middle.json', middle)
    leaf = dict(_base_='middle.json', model=dict(neck=dict(act='GELU')))
    cfg = load_config_file(write(tmp_path / name, leaf))
    assert (cfg.model.neck.mix, cfg.model.neck.act) == (None, 'GELU')
    assert cfg.model.decode_head.num_classes == 10


@pytest.mark.parametrize('name', ['a.yml', 'a.json'])
@pytest.mark.parametrize(
    'values',
    [
        dict(model=dict(type='os.system', command='touch {marker}')),
        dict(a=[dict(type='subprocess.Popen', args='touch {marker}')]),
        dict(a=dict(type='mmengine.utils.call_command', cmd='x')),
        dict(optim_wrapper=dict(constructor='os.system')),
        dict(runner_type='os.system'),
        dict(custom_imports=dict(imports=['evil'])),
        dict(custom_imports=dict(imports='os')),
        dict(a=dict(type='{{{{$TYPE:os.system}}}}')),
    ],
)
def test_a_type_that_runs_code_is_refused(tmp_path, name, values, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    marker = tmp_path / 'marker'
    (tmp_path / 'evil.py').write_text(f'open({str(marker)!r}, "w")')
    text = json.dumps(values).replace('{{{{', '{{').replace('}}}}', '}}')
    (tmp_path / name).write_text(text.replace('{marker}', str(marker)))
    with pytest.raises(ValueError, match='would run code: ') as error:
        load_config_file(tmp_path / name)
    assert str(tmp_path / name) in str(error.value)
    assert not marker.exists()


@pytest.mark.parametrize('name', ['a.yml', 'a.json'])
@pytest.mark.parametrize(
    'base', ['evil.py', 'middle.yml', '{{ fileDirname }}/evil.py', '../a/b.py']
)
def test_data_does_not_inherit_from_code(tmp_path, name, base):
    marker = tmp_path / 'marker'
    (tmp_path / 'evil.py').write_text(f'open({str(marker)!r}, "w")')
    write(tmp_path / 'middle.yml', dict(_base_='./evil.py'))
    path = write(tmp_path / name, dict(_base_=['middle.yml', base]))
    with pytest.raises(ValueError, match='which is code: a config that is'):
        load_config_file(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ('text', 'what'),
    [
        ('{"a": "{{$X:1\\", \\"_base_\\": \\"e.py}}"}', 'more than a name'),
        ("a: {{$X:b, _base_: 'e.py'}}", 'more than a name'),
        ('a: {{$X:[1]}}', 'more than a name'),
        ('- 1', 'holds a list, wanted names and values'),
        ('', 'holds a NoneType, wanted names and values'),
        ('a: [1', r'line \d: did not find'),
        ('_base_: a.yml', 'inherits from itself'),
        ('_base_: [gone.yml]', r'gone\.yml cannot be read'),
        ('a: !!python/name:os.system', 'the tag !!python/'),
    ],
)
def test_what_is_no_config_is_named(tmp_path, text, what):
    path = tmp_path / 'a.yml'
    path.write_text(text)
    with pytest.raises(ValueError, match=what) as error:
        load_config_file(path)
    assert 'yml' in str(error.value)


def test_json_that_is_none(tmp_path):
    for text in ('{"a": ', '[' * 100_000, '\x00'):
        (tmp_path / 'a.json').write_text(text)
        with pytest.raises(ValueError, match=r'a\.json: '):
            load_config_file(tmp_path / 'a.json')


def test_other_files_and_none(tmp_path):
    (tmp_path / 'a.txt').touch()
    with pytest.raises(ValueError, match=r'a config is a \.py, \.yml'):
        load_config_file(tmp_path / 'a.txt')
    with pytest.raises(FileNotFoundError, match='config not found'):
        load_config_file(tmp_path / 'a.py')


def test_variables_of_the_environment_are_values(tmp_path, monkeypatch):
    monkeypatch.setenv('COUNT', '7')
    (tmp_path / 'a.yml').write_text(
        "a: {{'$COUNT:3'}}\nb: '{{$NONE:/data/x}}/y'\n"
    )
    cfg = load_config_file(tmp_path / 'a.yml')
    assert cfg.to_dict() == dict(a=7, b='/data/x/y')


def test_a_base_that_would_run_code_is_named(tmp_path):
    (tmp_path / 'evil.yml').write_text('a: 1\nb: !!python/name:os.system\n')
    (tmp_path / 'middle.py').write_text("_base_ = './evil.yml'")
    (tmp_path / 'a.py').write_text("_base_ = ['./middle.py']")
    with pytest.raises(ValueError, match=r'evil\.yml, line 2: the tag !!py'):
        load_config_file(tmp_path / 'a.py')
