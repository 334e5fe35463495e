"""Dumped configs are read as the values they are, and never run."""

import pytest
from mmengine.config import Config

from xnet_mm import configs_dir
from xnet_mm.fileio import plain_config
from xnet_mm.fileio.pairing_settings import saved_model_config
from xnet_mm.fileio.plain_config import (
    drop_foreign_configs,
    foreign_names,
    parse_plain_config,
    read_plain_config,
)

VALUES = dict(
    model=dict(type='PFPHead', mean=[1.5, -2, 3e-9], size=(64, 96), on=True),
    hooks=[dict(type='A'), None, 'text with {braces} and (brackets'],
    numbers={0: 'a', -1: 'b'},
    deep=[[[[]]]],
    limit=float('inf'),
)


def test_what_mmengine_dumps_comes_back(tmp_path):
    cfg = Config(VALUES)
    cfg.dump(tmp_path / 'config.py')
    assert read_plain_config(tmp_path / 'config.py') == cfg.to_dict() == VALUES
    assert parse_plain_config(cfg.pretty_text, 'it') == VALUES


def test_every_config_of_the_package_comes_back():
    for path in sorted(configs_dir().glob('demo/*.py')):
        cfg = Config.fromfile(path)
        assert parse_plain_config(cfg.pretty_text, 'it') == cfg.to_dict()


@pytest.mark.parametrize(
    ('line', 'what'),
    [
        ('import os', 'import os'),
        ('a = open("marker", "w")', 'open'),
        ('a = [dict(b=__import__("os").system("x"))]', '__import__'),
        ('a = dict(**globals())', 'globals'),
        ('a = {**globals()}', 'globals'),
        ('a = dict([(1, 2)])', 'dict'),
        ('a = float("1" * 9)', 'float'),
        ('a = f"{open}"', 'open'),
        ('a = [x for x in (1,)]', 'for x'),
        ('a = lambda: 1', 'lambda'),
        ('a = -"x"', '-"x"'),
        ('a = {[1]: 2}', r'\{\[1\]: 2\}'),
        ('a: int = 3', 'a: int'),
        ('a = b = 3', 'a = b'),
        ('a.b = 3', 'a.b'),
        ('a = os', 'os'),
        ('with read_base(): pass', 'with'),
        ('print("x")', 'print'),
    ],
)
def test_more_than_values_is_an_error_with_its_line(line, what, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(f'b = 1\n{line}\n')
    with pytest.raises(ValueError, match=f'line 2: .*{what}') as error:
        read_plain_config(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    'text',
    [
        'a = ' + '[' * 100_000,
        'a = ' + '[' * 500 + ']' * 500,
        'a = ' + '-' * 100_000 + '1',
        'a = ' + 'not ' * 100_000 + '1',
        'a = ' + '1 + ' * 100_000 + '1',
        'a = a' + '.a' * 100_000,
        'a = ' + 'lambda: ' * 5_000 + '1',
        'a = 1\0',
        'a = (',
        'a = ' + '9' * 10_000,
    ],
    ids=range(10),
)
def test_what_python_itself_cannot_read_is_an_error(text):
    with pytest.raises(ValueError, match=r'^it'):
        parse_plain_config(text, 'it')


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / 'config.py').write_bytes(b'a = "\xff"')
    with pytest.raises(ValueError, match=r'config\.py: no text'):
        read_plain_config(tmp_path / 'config.py')


@pytest.mark.parametrize(
    ('name', 'is_foreign'),
    [
        ('PFPHead', False),
        ('xnet_mm.PFPHead', False),
        ('mmseg.EncoderDecoder', False),
        ('mmseg.models.segmentors.encoder_decoder.EncoderDecoder', False),
        ('torch.nn.GELU', False),
        ('os.system', True),
        ('subprocess.Popen', True),
        ('mmengine.utils.call_command', True),
        ('mmengine.utils.package_utils.subprocess.Popen', True),
        ('mmengine.Config.fromfile', True),
        ('torch.hub.load', True),
        ('torch.jit.CompilationUnit', True),
        ('xnet_mm..os', True),
        ('.os', True),
    ],
)
def test_only_classes_of_known_packages_are_named(name, is_foreign):
    for config in (
        dict(model=[dict(type=name)]),
        dict(optim_wrapper=dict(constructor=name)),
    ):
        assert bool(list(foreign_names(config))) == is_foreign


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('a = open("marker", "w")', 'more than a value'),
        ('a = "{{ fileDirname }}"', 'text that is replaced'),
        ('_base_ = "/tmp/evil.py"', 'inherits from'),
        ('custom_imports = dict(imports=["evil"])', "imports of 'evil'"),
        ('custom_imports = dict(imports="evil")', "imports of 'evil'"),
        ('model = dict(type="os.system", command="x")', "'os.system'"),
        (b'a = 1', 'it is a bytes'),
        (None, 'it is a NoneType'),
    ],
)
def test_what_would_run_is_dropped_and_said(text, problem, monkeypatch):
    lines = []
    monkeypatch.setattr(
        plain_config, 'print_log', lambda line, **_: lines.append(line)
    )
    fine = "custom_imports = dict(imports=['xnet_mm.models'])"
    checkpoint = dict(
        meta=dict(config=text, cfg=fine),
        message_hub=dict(runtime_info=dict(cfg=text)),
    )
    drop_foreign_configs(checkpoint, 'a.pth')
    assert checkpoint == dict(
        meta=dict(cfg=fine), message_hub=dict(runtime_info={})
    )
    assert len(lines) == 2
    assert problem in lines[0]
    assert lines[0].startswith("a.pth: meta['config'] was left out")


def test_what_the_run_had_can_still_be_compared():
    text = "custom_imports = dict(imports=['mine'])\nmodel = dict(type='A')"
    checkpoint = dict(meta=dict(cfg=text))
    drop_foreign_configs(checkpoint, 'a.pth')
    assert checkpoint == dict(meta=dict(unread_cfg=text))
    assert saved_model_config(checkpoint)['model'] == dict(type='A')


@pytest.mark.parametrize(
    ('config', 'is_foreign'),
    [
        (dict(type='LoadBiomedicalData', decode_backend='pickle'), True),
        (dict(type='LoadBiomedicalData', decode_backend='numpy'), False),
        (dict(type='mmpretrain.RAM', tag_list='evil.pkl'), True),
        (dict(type='CrossEntropyLoss', class_weight='weights.pkl'), False),
    ],
)
def test_what_classes_unpickle_by_themselves(config, is_foreign):
    found = list(foreign_names(dict(train_pipeline=[config])))
    assert bool(found) == is_foreign
    assert all(text.endswith(', which is unpickled') for text in found)
