"""Data sets by a stranger's config: what is opened, what is refused."""

import sys
from pathlib import Path

import pytest
from reported import TRAINED, VALIDATED, depth_data, labels_data, run_config

from xnet_mm.report.data import Split, open_training, open_validation

CONFIG = Path('config.py')


@pytest.fixture(scope='module')
def values_of(tmp_path_factory):
    """Values of a fresh config each time; the data are made once."""
    root = tmp_path_factory.mktemp('data')
    makers = {
        'segmentation': labels_data(root / 'labels'),
        'depth': depth_data(root / 'depth'),
    }
    return lambda kind: run_config(kind, makers[kind]).to_dict()


@pytest.mark.parametrize(
    ('kind', 'truth'),
    [('segmentation', 'gt_sem_seg'), ('depth', 'gt_depth_map')],
)
def test_validation_data_are_packed_for_the_model(values_of, kind, truth):
    split = open_validation(values_of(kind), CONFIG)
    assert len(split.dataset) == VALIDATED
    assert split.batch_size == 2
    sample = split.dataset[0]
    assert sample['inputs'].shape == (3, 40, 56)
    assert truth in sample['data_samples']
    path = sample['data_samples'].metainfo['img_path']
    assert split.local(path) == 'images/val/0.png'


def test_training_data_are_as_in_the_files(values_of):
    values = values_of('segmentation')
    loader = values['train_dataloader']['dataset']
    loader['pipeline'] = [
        *loader['pipeline'],
        dict(type='RandomCrop', crop_size=(8, 8)),
        dict(type='AlbumentationsOfSomebody'),
    ]
    values['train_dataloader']['dataset'] = dict(
        type='RepeatDataset', times=3, dataset=loader
    )
    split = open_training(values, CONFIG)
    assert len(split.dataset) == TRAINED
    sample = split.dataset[0]
    assert sample['img'].shape == (40, 56, 3)
    assert sample['gt_seg_map'].shape == (40, 56)


def test_several_data_sets(values_of):
    values = values_of('segmentation')
    one = values['val_dataloader']['dataset']
    values['val_dataloader']['dataset'] = dict(
        type='ConcatDataset', datasets=[one, one]
    )
    split = open_validation(values, CONFIG)
    assert len(split.dataset) == 2 * VALIDATED
    assert len(split.transforms) == len(one['pipeline'])


def test_without_validation_the_test_data(values_of):
    values = values_of('segmentation')
    values['val_dataloader'] = None
    assert len(open_validation(values, CONFIG).dataset) == VALIDATED
    values['test_dataloader'] = None
    with pytest.raises(ValueError, match=r'no val_dataloader and no test_d'):
        open_validation(values, CONFIG)


def change(key, value):
    """A setting of the validation data set."""

    def apply(values):
        values['val_dataloader']['dataset'][key] = value

    return apply


def change_step(number, **step):
    def apply(values):
        steps = values['val_dataloader']['dataset']['pipeline']
        steps[number] = {**steps[number], **step}

    return apply


@pytest.mark.parametrize(
    ('apply', 'message'),
    [
        (change('type', 'DSDLSegDataset'), r"type='DSDLSegDataset'\. A rep"),
        (change('type', 'mmpretrain.CIFAR10'), r"type='mmpretrain.CIFAR10'"),
        (change('type', 'NoSuchDataset'), r"type='NoSuchDataset'\. A report"),
        (change('type', ['x']), r"type=\['x'\]\. A report opens only"),
        (change('_scope_', 'evil'), r"config.py: scope 'evil', wanted one o"),
        (change('lazy', 1), r'lazy=1 is no option here'),
        (
            change('backend_args', dict(backend='petrel')),
            r"backend_args=\{'backend': 'petrel'\}: files only",
        ),
        (
            change('ann_file', 'https://evil.example/list.txt'),
            r"ann_file='https://evil.*': files only",
        ),
        (
            change('metainfo', dict(classes='s3://x/classes.txt')),
            r'metainfo=.*: files only',
        ),
        (change('pipeline', 'x'), r"pipeline='x', wanted transforms"),
        (change('pipeline', [1, 2]), r'pipeline=\[1, 2\], wanted transfor'),
        (
            change_step(1, type='LoadBiomedicalAnnotation'),
            r"pipeline: \{'type': 'LoadBiomedicalAnn.*wanted LoadAnnotations",
        ),
        (
            change_step(1, backend_args=dict(backend='petrel')),
            r"pipeline: \{'type': 'xnet_mm.LoadLabels', 'backend_args'",
        ),
        (
            change_step(0, type='LoadBiomedicalImageFromFile'),
            r'test_pipeline\[0\]\.type=.*is not among the registered names',
        ),
        (change_step(2, _scope_='evil'), r"scope 'evil', wanted one of Open"),
    ],
)
def test_what_is_not_on_the_lists(values_of, apply, message):
    values = values_of('segmentation')
    apply(values)
    with pytest.raises(ValueError, match=message):
        open_validation(values, CONFIG)


def test_no_package_of_a_scope_is_imported(values_of, tmp_path, monkeypatch):
    (tmp_path / 'evil').mkdir()
    (tmp_path / 'evil/__init__.py').touch()
    (tmp_path / 'evil/registry.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    values = values_of('segmentation')
    change_step(1, _scope_='evil')(values)
    with pytest.raises(ValueError, match="scope 'evil'"):
        open_validation(values, CONFIG)
    assert 'evil' not in sys.modules


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            dict(data_root='/no/such/place'),
            r'the validation data of this run cannot be opened: .*/no/such/'
            r'place.*Put them back there, or correct the paths in config\.py',
        ),
        (dict(data_prefix=7), r'the validation data of this run cannot be o'),
    ],
)
def test_data_that_are_gone(values_of, change, message):
    values = values_of('segmentation')
    values['val_dataloader']['dataset'] |= change
    with pytest.raises(ValueError, match=f'(?s){message}'):
        open_validation(values, CONFIG)


def test_a_name_outside_of_the_root():
    split = Split('validation', None, '/data', 1)
    assert split.local('/data/a/b.png') == 'a/b.png'
    assert split.local('/other/b.png') == 'b.png'


def test_too_many_at_once(values_of):
    values = values_of('segmentation')
    values['val_dataloader']['batch_size'] = 10**9
    assert open_validation(values, CONFIG).batch_size == 64
    values['val_dataloader']['batch_size'] = 'many'
    assert open_validation(values, CONFIG).batch_size == 1
