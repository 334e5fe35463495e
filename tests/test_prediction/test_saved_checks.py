"""A stranger's `config.json`: every trick is refused, nothing runs."""

import builtins
import copy
import json
import os
import subprocess

import pytest
from shared_models import config_of

from xnet_mm.prediction.load import load
from xnet_mm.prediction.saved_checks import FORMAT, check_saved
from xnet_mm.prediction.saved_config import plain_config

NAME = r'is not among the registered names that a shared model may use'
OPTION = r'is no option that .* may have'


@pytest.fixture(scope='module')
def good():
    return dict(
        format=FORMAT,
        **plain_config(config_of('both')),
        channels=3,
        classes=['wall', 'floor', 'bed'],
        palette=[[200, 0, 0], [0, 100, 0], [0, 0, 50]],
        ids=[0, 1, 2],
        max_depth=8.0,
        protocol='nyu_eigen',
        versions=dict(xnet_mm='0.1.0'),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where nothing may be built: the checks come before."""

    def never(*args, **kwargs):
        raise AssertionError(f'called: {args} {kwargs}')

    for owner, name in (
        (os, 'system'),
        (subprocess, 'Popen'),
        (builtins, 'exec'),
        (builtins, 'eval'),
    ):
        monkeypatch.setattr(owner, name, never)
    monkeypatch.setattr('xnet_mm.prediction.load.Predictor', never)
    (tmp_path / 'model.safetensors').write_bytes(
        (2).to_bytes(8, 'little') + b'{}'
    )
    return tmp_path


def put(config, path, value):
    """A copy in which the entry at 'a.b.0' is another; '-': an added one."""
    config = copy.deepcopy(config)
    *parents, last = path.split('.')
    place = config
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return config


def types(path):
    """Names that import or call something, at one place."""
    return [
        (f'{path}.type', name, NAME)
        for name in (
            'os.system',
            'subprocess.Popen',
            'builtins.exec',
            'torch.hub.load',
            'mmengine.fileio.load',
            'mmengine.Config.fromfile',
            'mmseg.apis.init_model',
            'xnet_mm.models.weights.read_state',
            'torch.nn.Linear',
            'PretrainedEncoder',
            'xnet_mm.PretrainedEncoder ',
            'mmseg.EncoderDecoder',
            'lambda: 0',
            ['os', 'system'],
            dict(type='os.system'),
            None,
            7,
        )
    ]


WEIGHTS = 'https://evil.example/x.pth'
PRETRAINED = dict(type='Pretrained', checkpoint=WEIGHTS)
HOSTILE = [
    *types('model.backbone'),
    *types('model.decode_head'),
    *types('model.data_preprocessor'),
    *types('test_pipeline.0'),
    *types('test_pipeline.1'),
    ('model.type', 'os.system', r"model\.type='os\.system', wanted one of"),
    ('model.type', 'ResNet', r"model\.type='ResNet', wanted one of Enc"),
    ('model', 'os.system', r"model\.type='os\.system', wanted one of"),
    ('model', [], r'model\.type=\[\], wanted one of'),
    # entries of MMEngine's configs
    *(
        (key, value, rf"'{key}' is no entry of such a file")
        for key, value in (
            ('custom_imports', dict(imports=['antigravity'])),
            ('_base_', '/etc/evil.py'),
            ('default_scope', 'os'),
            ('load_from', WEIGHTS),
            ('test_dataloader', dict(dataset=dict(type='os.system'))),
            ('custom_hooks', [dict(type='os.system')]),
            ('auto_map', dict(AutoModel='evil.Model')),
            ('architectures', ['Evil']),
        )
    ),
    *(
        (f'{place}.{key}', value, OPTION)
        for place in ('model', 'model.backbone', 'model.decode_head')
        for key, value in (
            ('_scope_', 'os'),
            ('_delete_', True),
            ('_base_', '../evil.py'),
            ('init_cfg', PRETRAINED),
            ('pretrained', WEIGHTS),
            ('checkpoint', '/etc/passwd'),
            ('weights', 'package://evil/x.pth'),
            ('train_cfg', dict(type='os.system')),
            ('__class__', 'os'),
            ('', 1),
        )
    ),
    *(
        (f'model.decode_head.{key}', value, OPTION)
        for key, value in (
            (
                'loss_decode',
                dict(type='CrossEntropyLoss', class_weight='evil.pkl'),
            ),
            ('sampler', dict(type='os.system')),
            ('conv_cfg', dict(type='os.system')),
        )
    ),
    ('model.decode_head.norm_cfg', dict(type='os.system'), NAME),
    ('model.decode_head.act_cfg', dict(type='torch.nn.ReLU'), NAME),
    ('model.data_preprocessor.batch_augments', [dict(type='X')], OPTION),
    ('model.auxiliary_head', dict(type='FCNHead'), OPTION),
    # timm: names that lead to files and addresses, options that read them
    *(
        (place, name, r'wanted the name of a timm model')
        for place in (
            'model.backbone.encoder',
            'model.neck.decoder',
            'model.backbone.encoder.model_name',
        )
        for name in (
            'hf-hub:evil/model',
            'hf_hub:evil/model',
            'local-dir:/tmp/evil',
            '/tmp/evil',
            '../evil',
            'https://evil.example/x',
            'resnet18.a.b',
            'Ünicode',
            '',
        )
    ),
    ('model.backbone.encoder.model_name', None, r'wanted the name of a timm'),
    *(
        (f'model.backbone.encoder.{key}', value, OPTION)
        for key, value in (
            ('pretrained', True),
            ('checkpoint_path', '/tmp/evil.pth'),
            ('pretrained_cfg', dict(url=WEIGHTS)),
            ('pretrained_cfg_overlay', dict(file='/tmp/evil.pth')),
            ('cache_dir', '/tmp'),
            ('features_only', True),
            ('scriptable', True),
            ('block', 'os.system'),
            ('norm_layer', 'os.system'),
        )
    ),
    # values that are no plain words and numbers
    *(
        ('model.decode_head.input_transform', value, wanted)
        for value, wanted in (
            ('lambda x: x', r'wanted a single word'),
            ('${HOME}', r'wanted a single word'),
            ('{{_base_.x}}', r'wanted a single word'),
            ('$HOME', r'wanted a single word'),
            ('/etc/passwd', r'wanted a single word'),
            ('a\n', r'wanted a single word'),
            ('x' * 65, r'wanted a single word'),
            (dict(type='os.system'), NAME),
            (dict(evil=1), r'\.evil is no option that may be said here'),
            ([[[dict(type='os.system')]]], NAME),
        )
    ),
    # too much
    ('model.decode_head.channels', 10**9, r'channels=1000000000, a number t'),
    ('model.decode_head.channels', -(10**30), r'a number too large'),
    ('model.decode_head.channels', 1e300, r'channels=1e\+300, a number too'),
    ('model.backbone.encoder.depths', [1] * 5000, r'a list of 5000 entries'),
    (
        'model.test_cfg.size',
        [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],
        r'too deep',
    ),
    # the pipeline
    ('test_pipeline', [], r'test_pipeline=\[\], wanted a list of transforms'),
    ('test_pipeline', 'os.system', r'wanted a list of transforms'),
    ('test_pipeline.1', 'os.system', r"\[1\]='os\.system', wanted a transf"),
    ('test_pipeline.1', {}, r'\[1\]=\{\}, wanted a transform'),
    (
        *('test_pipeline.1', dict(type='LoadImageFromFile')),
        r'\[1\]\.type=.*; wanted the first step, and no other, to load',
    ),
    ('test_pipeline.0', dict(type='PackSegInputs'), r'wanted the first step'),
    *(
        (f'test_pipeline.0.{key}', value, OPTION)
        for key, value in (
            ('backend_args', dict(backend='http')),
            ('file_client_args', dict(backend='petrel')),
            ('_scope_', 'os'),
        )
    ),
    # what people are told
    ('format', 'xnet_mm 2', r"format='xnet_mm 2', wanted 'xnet_mm 1'"),
    ('classes', 'abc', r"classes='abc', wanted for each class their names"),
    ('classes', ['a', 2, 'c'], r'wanted for each class their names'),
    ('classes', ['a', 'b\n', 'c'], r'wanted for each class their names'),
    ('classes', ['a', 'b'], r'palette for 3 classes, .* of the 2 in'),
    ('palette', [[0, 0, 256]] * 3, r'red, green, blue from 0 to 255'),
    ('palette', [[0, 0]] * 3, r'red, green, blue'),
    ('ids', [0, 1], r'ids for 2 classes'),
    ('ids', [0, True, 2], r'an id in the label maps'),
    ('ids', [0, -1, 2], r'an id in the label maps'),
    ('max_depth', 'far', r"max_depth='far', wanted metres"),
    ('max_depth', True, r'max_depth=True, wanted metres'),
    ('max_depth', 0, r'max_depth=0, wanted metres'),
    ('channels', 0, r'channels=0, wanted their number'),
    ('channels', '3', r"channels='3', wanted their number"),
    ('protocol', ['x'], r'protocol or versions: wanted short texts'),
    ('versions', dict(a=dict(b='c')), r'protocol or versions: wanted short'),
    ('versions', 'x', r'protocol or versions: wanted short'),
]


@pytest.mark.parametrize(('path', 'value', 'message'), HOSTILE)
def test_a_trick_is_refused(folder, good, path, value, message):
    text = json.dumps(put(good, path, value))
    (folder / 'config.json').write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        load(folder, device='cpu')
    told = str(error.value)
    assert told.startswith(f'{folder}/config.json: ') and '\n' not in told
    assert told.endswith('ask its author to write it by save_pretrained.')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (b'', r'is damaged, wanted JSON'),
        (b'{', r'is damaged, wanted JSON'),
        (b'\xff\xfe{}', r'is damaged, wanted JSON \(.utf-8'),
        (b'[' * 100_000, r'is damaged, wanted JSON'),
        (b'{"format": NaN}', r'is damaged, wanted JSON \(NaN is no number'),
        (b'{"a": -Infinity}', r'\(-Infinity is no number'),
        (b'{"a": ' + b'9' * 5000 + b'}', r'is damaged, wanted JSON'),
        (b'[]', r'a list, wanted names and values'),
        (b'"os.system"', r'a str, wanted names and values'),
        (b'null', r'a NoneType, wanted names and values'),
        (b'{}', r"format=None, wanted 'xnet_mm 1'"),
        (b' ' * 10_000_001, r'more than 10000000 bytes'),
    ],
)
def test_a_file_that_is_none(folder, text, message):
    (folder / 'config.json').write_bytes(text)
    with pytest.raises(ValueError, match=message):
        load(folder, device='cpu')


def test_what_was_saved_passes(good):
    check_saved(json.loads(json.dumps(good)))
    for kind in ('segmentation', 'depth'):
        plain = plain_config(config_of(kind))
        check_saved(dict(format=FORMAT, **plain, channels=3))


def test_a_hint_names_what_was_meant(folder, good):
    bad = put(good, 'model.neck.type', 'PretrainedReversedDecodr')
    with pytest.raises(
        ValueError, match=r'\(near to it: xnet_mm\.PretrainedReversedDecoder'
    ):
        check_saved(bad)
