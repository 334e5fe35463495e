"""Every shipped config: its name, its bases, its data folder."""

import re

import pytest
from config_files import BASES, FILES, LEAVES, chain, find
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

NAME = re.compile(
    r'((xnet(-i|-bilinear|-shuffle)?|fpn(-rev(-pfp)?)?|rev-pfp)'
    r'_(?P<encoder>[a-z0-9.-]+)_(?P<decoder>[a-z0-9.-]+)'
    r'|(upernet|dpt|linear|mask2former|segformer)_(?P<backbone>[a-z0-9.-]+))'
    r'_(?P<gpus>\d+)xb(?P<batch>\d+)(-accum(?P<accum>\d+))?'
    r'(?P<fsdp>-fsdp)?-(?P<iters>\d+k?)'
    r'_(?P<dataset>[a-z0-9-]+)-(?P<height>\d+)x(?P<width>\d+)'
    r'(_(?P<tested_on>[a-z0-9-]+))?\.py'
)
name_of = dict(ids=lambda path: path.name)


@pytest.mark.parametrize('path', FILES, **name_of)
def test_bases_are_relative(path):
    # `mmseg::` fails on OneDL, and on upstream without pkg_resources.
    assert '::' not in path.read_text()
    for base in re.findall(r"'([^']+\.py)'", path.read_text()):
        assert base.startswith('.') or '/' not in base
        assert (path.parent / base).is_file()


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_ours_derive_from_one_of_two_bases(path):
    files = chain(path)
    bases = {file.name for file in files if file.parent.name == 'models'}
    depth = BASES / 'depth_runtime.py' in files
    ours = NAME.fullmatch(path.name)['encoder']
    # And peers on our encoder.
    if ours or depth or 'effnet' in path.name:
        assert bases == {'xnet-depth.py' if depth else 'xnet.py'}
    else:
        assert not bases & {'xnet-depth.py', 'xnet.py'}


@pytest.mark.parametrize('name', ['xnet', 'xnet-depth'])
def test_leaves_name_encoder_decoder_and_weights(name):
    model = Config.fromfile(BASES / f'models/{name}.py').model
    assert set(model.backbone) == {'type'}
    assert set(model.neck) == {'type', 'mix'}
    # Nor what the data says.
    assert not {'num_classes', 'max_depth'} & set(model.decode_head)
    assert len([*(BASES / 'models').glob('xnet*')]) == 2


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_no_second_preprocessor(path):
    # MMEngine overwrites the model's own by it under --tta.
    assert 'data_preprocessor' not in Config.fromfile(path)


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_name_says_what_the_config_does(path):
    name = NAME.fullmatch(path.name)
    assert name, f'{path.name} does not follow the naming rule'
    cfg = Config.fromfile(path)
    crop = int(name['height']), int(name['width'])
    transforms = cfg.train_dataloader.dataset.pipeline
    assert tuple(find(transforms, 'RandomCrop').crop_size) == crop
    assert tuple(cfg.model.data_preprocessor.size) == crop
    assert cfg.train_dataloader.batch_size == int(name['batch'])
    accum = int(name['accum'] or 1)
    assert cfg.optim_wrapper.get('accumulative_counts', 1) == accum
    assert bool(name['fsdp']) == ('strategy' in cfg)
    frozen = cfg.model.backbone.get('frozen', False)
    assert frozen == ('-frozen_' in path.name)
    iters = int(name['iters'].replace('k', '000')) * accum
    assert cfg.train_cfg.max_iters == iters
    assert max(s.get('end', 0) for s in cfg.param_scheduler) == iters
    assert cfg.default_scope == 'mmseg'
    assert 'tta_model' in cfg and 'test_evaluator' in cfg
    assert 'tta_pipeline' in cfg


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_head_has_the_classes_of_the_data(path):
    cfg = Config.fromfile(path)
    if 'num_classes' not in cfg.model.decode_head:
        pytest.skip('depth: see test_depth_range.py')
    init_default_scope('mmseg')
    dataset = DATASETS.get(cfg.train_dataloader.dataset.type)
    classes = dataset.METAINFO['classes']
    assert cfg.model.decode_head.num_classes == len(classes)
    assert len(dataset.METAINFO['palette']) == len(classes)


def test_data_folder_is_set_in_one_place(monkeypatch):
    monkeypatch.setenv('XNET_MM_DATA', '/elsewhere/my data')
    roots = {
        path.stem: Config.fromfile(path).test_dataloader.dataset.data_root
        for path in (BASES / 'datasets').glob('*.py')
    }
    assert roots == dict(
        ade20k='/elsewhere/my data/ade/ADEChallengeData2016',
        ade20k_640x640='/elsewhere/my data/ade/ADEChallengeData2016',
        camvid='/elsewhere/my data/camvid',
        cityscapes='/elsewhere/my data/cityscapes',
        cityscapes_1024x1024='/elsewhere/my data/cityscapes',
        ddad='/elsewhere/my data/ddad',
        hololens='/elsewhere/my data/hololens',
        kitti_eigen='/elsewhere/my data/kitti',
        kitti_official='/elsewhere/my data/kitti',
        nyu='/elsewhere/my data/nyu',
        scenes='/elsewhere/my data/scenes',
        scenes_both='/elsewhere/my data/scenes',
        scenes_depth='/elsewhere/my data/scenes',
        sunrgbd='/elsewhere/my data/sunrgbd',
    )
