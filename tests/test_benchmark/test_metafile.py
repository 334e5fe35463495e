"""Entries of a metafile from configs of a few lines."""

import pytest
import yaml
from mmengine.config import ConfigDict

from xnet_mm.benchmark import metafile

NAMES = dict(
    models=dict(enc=['Encoder', '1k'], dec=['Decoder', '22k']),
    weights=dict(special='LAION'),
    heads=dict(UPerHead='UPerNet'),
    data=dict(room='Rooms'),
)
CONFIG = """
auto_scale_lr = dict(base_batch_size=16)
train_cfg = dict(max_iters=2000)
optim_wrapper = dict(accumulative_counts=4)
model = dict(
    data_preprocessor=dict(size=(32, 64)),
    backbone=dict(encoder='enc', weights='enc.pth'),
    neck=dict(decoder='dec', weights='special'),
    decode_head=dict(type='PFPHead'))
"""
LEAF = 'room/xnet_enc_dec_8xb2-2k_room-32x64.py'
ENTRY = {
    'Name': 'xnet_enc_dec_8xb2-2k_room-32x64',
    'In Collection': 'xNet',
    'Config': f'configs/{LEAF}',
    'Weights': metafile.NO_WEIGHTS,
    'Metadata': {
        'Training Data': 'Rooms',
        'Batch Size': 16,
        'Iterations': 500,  # steps of the optimizer
        'Crop Size': '32x64',
        'Architecture': ['Encoder', 'Decoder'],
        'Pre-training': ['1k', 'LAION'],
        'Parameters (M)': 1.23,
        'GMACs': 9.88,
    },
}


@pytest.fixture
def configs(tmp_path, monkeypatch):
    """A folder of one config, whose costs are made up."""
    (tmp_path / 'room').mkdir()
    (tmp_path / LEAF).write_text(CONFIG)
    monkeypatch.setattr(
        metafile, 'count_config', lambda cfg: (1_234_567, 9_876_543_210)
    )
    return tmp_path


def test_an_entry(configs):
    assert metafile.describe(configs, LEAF, NAMES) == ENTRY


def test_what_cannot_be_built_is_not_counted(configs, monkeypatch, capsys):
    def fail(cfg):
        raise ImportError('no mmdet')

    monkeypatch.setattr(metafile, 'count_config', fail)
    found = metafile.describe(configs, LEAF, NAMES)
    metadata = dict(ENTRY['Metadata'])
    del metadata['Parameters (M)'], metadata['GMACs']
    assert found == {**ENTRY, 'Metadata': metadata}
    assert capsys.readouterr().out == f'{LEAF}: not counted. no mmdet\n'


def test_a_name_that_does_not_say_the_data(configs):
    (configs / LEAF).rename(configs / 'room/a.py')
    message = r'room/a\.py: wanted a name that ends in the iterations'
    with pytest.raises(ValueError, match=message):
        metafile.describe(configs, 'room/a.py', NAMES)


@pytest.mark.parametrize(
    ('model', 'wanted'),
    [
        (
            dict(
                backbone=dict(encoder='enc', weights='enc.pth'),
                neck=dict(decoder='dec'),
            ),
            ('xNet', ['Encoder', 'Decoder'], ['1k', '0']),
        ),
        (
            dict(
                backbone=dict(encoder='enc'),
                decode_head=dict(type='UPerHead'),
            ),
            ('UPerNet', ['Encoder', 'UPerNet'], ['0', '0']),
        ),
        (
            dict(  # OpenMMLab's own
                backbone=dict(init_cfg=dict(checkpoint='a/dec.pth')),
                decode_head=dict(type='UPerHead'),
            ),
            ('UPerNet', ['Decoder', 'UPerNet'], ['22k', '0']),
        ),
    ],
)
def test_collection_parts_and_pretraining(model, wanted):
    assert metafile.describe_model(ConfigDict(model), NAMES) == wanted


def test_a_model_without_a_name():
    with pytest.raises(KeyError, match='resnet18 has no name: add it to'):
        metafile.name_part('resnet18', 'timm', NAMES)


def test_results_stay_and_what_is_gone_goes(configs):
    path = configs / 'room/metafile.yml'
    results = [dict(Dataset='Rooms')]
    other = 'room/xnet_dec_dec_8xb2-2k_room-32x64.py'
    kept = {'Config': f'configs/{other}', 'Metadata': {'GMACs': 1.0}}
    metafile.write_metafile(
        path,
        [
            {
                'Config': f'configs/{LEAF}',
                'Weights': 'a.pth',
                'Results': results,
            },
            {'Config': 'configs/room/gone.py'},
            kept,
        ],
    )
    # The other does not match: it stays as it is, in the order of the leaves.
    metafile.update_metafiles(configs, [other, LEAF], '*_enc_dec_*', NAMES)
    text = path.read_text()
    assert text.startswith(metafile.HEADER)
    assert yaml.safe_load(text) == dict(
        Models=[kept, {**ENTRY, 'Weights': 'a.pth', 'Results': results}]
    )


def test_a_pattern_that_matches_nothing(configs):
    message = (
        r'--count nyu/\*: no config in .* matches; wanted a pattern such as '
        r"'room/xnet.*' or room/\*"
    )
    with pytest.raises(SystemExit, match=message):
        metafile.update_metafiles(configs, [LEAF], 'nyu/*', NAMES)
