"""The peers: mmseg's own settings, and ours but for the decoder."""

from pathlib import Path

import mmseg
import pytest
from baseline_configs import (
    ADE_M2F,
    ADE_NEXT,
    ADE_NEXT_XL,
    ADE_SEGFORMER,
    ADE_SWIN,
    CITY,
    CITY_M2F,
    CITY_SEGFORMER,
    LEAVES,
    ON_OUR_ENCODER,
    load_baseline,
)
from config_files import load
from mmengine.config import Config

THEIRS = Path(mmseg.__file__).parent / '.mim/configs'
OF_MMSEG = {
    ADE_SWIN: 'swin/swin-large-patch4-window12-in22k-384x384-pre_upernet_'
    '8xb2-160k_ade20k-512x512.py',
    ADE_NEXT: 'convnext/convnext-large_upernet_8xb2-amp-160k_'
    'ade20k-640x640.py',
    ADE_NEXT_XL: 'convnext/convnext-xlarge_upernet_8xb2-amp-160k_'
    'ade20k-640x640.py',
    ADE_M2F: 'mask2former/mask2former_swin-l-in22k-384x384-pre_8xb2-160k_'
    'ade20k-640x640.py',
    ADE_SEGFORMER: 'segformer/segformer_mit-b5_8xb2-160k_ade20k-512x512.py',
    CITY_M2F: 'mask2former/mask2former_swin-l-in22k-384x384-pre_8xb2-90k_'
    'cityscapes-512x1024.py',
    CITY_SEGFORMER: 'segformer/segformer_mit-b5_8xb1-160k_'
    'cityscapes-1024x1024.py',
}
# What a peer's name has instead of ours: encoder and decoder.
PAIRS = {
    ('swin-l', 'nyu'): 'swin-l_convnextv2-t',
    ('dinov2-l', 'nyu'): 'dinov2-l_convnextv2-b',
    ('swin-l', 'kitti'): 'swin-l_convnext-b',
    ('dinov2-l', 'kitti'): 'dinov2-l_convnextv2-b',
    ('effnet-lite0', 'camvid'): 'effnet-lite0_effnet-lite0',
    ('effnet-lite0', 'hololens'): 'effnet-lite0_effnet-lite0',
}


def test_all_of_them_are_there():
    assert len(LEAVES) == 21
    assert len(ON_OUR_ENCODER) == 11
    assert set(OF_MMSEG) < set(LEAVES)


# Ours load the same pixels and ids, and refuse what cannot be right.
CHECKED = {
    'xnet_mm.LoadImage': 'LoadImageFromFile',
    'xnet_mm.LoadLabels': 'LoadAnnotations',
}


def settings(cfg):
    """What decides the result: model, optimiser, schedule, images."""
    cfg = cfg.to_dict()
    model = cfg['model']
    model.pop('pretrained', None)  # None, an old spelling of init_cfg
    # The same head behind a check.
    head = model['decode_head']
    head['type'] = head['type'].replace('xnet_mm.Checked', '')
    checkpoint = model['backbone']['init_cfg'].pop('checkpoint')
    wrapper = cfg['optim_wrapper']
    wrapper.setdefault('clip_grad', None)
    pipelines = {}
    for split in ('train', 'val', 'test'):
        pipelines[split] = cfg[f'{split}_dataloader']['dataset']['pipeline']
        for transform in pipelines[split]:
            # ADE20KDataset sets it for every transform.
            transform.pop('reduce_zero_label', None)
            if transform.pop('_scope_', None) == 'xnet_mm':  # our reader
                assert transform['type'] == 'LoadImageFromFile'
            kind = transform['type']
            transform['type'] = CHECKED.get(kind, kind)
    return dict(
        model=model,
        # OneDL's copies lie on another host, on the same path.
        weights=checkpoint.split('/', 3)[3],
        optimizer=wrapper,
        schedule=cfg['param_scheduler'],
        train_cfg=cfg['train_cfg'],
        batch=cfg['train_dataloader']['batch_size'],
        pipelines=pipelines,
        data=cfg['train_dataloader']['dataset']['type'],
        metric=cfg['test_evaluator'],
    )


@pytest.mark.parametrize('leaf', OF_MMSEG)
def test_settings_are_those_of_mmseg(leaf):
    theirs = THEIRS / OF_MMSEG[leaf]
    if not theirs.is_file():
        pytest.skip(f'{theirs} is not installed')
    theirs = Config.fromfile(theirs, import_custom_modules=False)
    ours, theirs = settings(load_baseline(leaf)), settings(theirs)
    assert ours == theirs


@pytest.mark.parametrize('ade20k', [ADE_SWIN, ADE_NEXT, ADE_NEXT_XL])
def test_derived_configs_keep_the_recipe_of_ade20k(ade20k):
    encoder = ade20k.split('_')[1]
    city = load_baseline(f'cityscapes/upernet_{encoder}_{CITY}')
    data = load(f'cityscapes/xnet_swin-l_convnext-l_{CITY}')
    for split in ('train', 'val', 'test'):
        assert city[f'{split}_dataloader'] == data[f'{split}_dataloader']
    ours, recipe = settings(city), settings(load_baseline(ade20k))
    assert ours['model'].pop('test_cfg') == dict(mode='whole')
    del recipe['model']['test_cfg']
    assert ours['model']['data_preprocessor'].pop('size') == (512, 1024)
    del recipe['model']['data_preprocessor']['size']
    for head in ('decode_head', 'auxiliary_head'):
        assert ours['model'][head].pop('num_classes') == 19
        assert recipe['model'][head].pop('num_classes') == 150
    for part in ('model', 'weights', 'optimizer', 'schedule', 'train_cfg'):
        assert ours[part] == recipe[part], part


@pytest.mark.parametrize('leaf', ON_OUR_ENCODER)
def test_peers_differ_from_ours_by_the_decoder_alone(leaf):
    ours, theirs = ours_of(leaf).to_dict(), load_baseline(leaf).to_dict()
    assert theirs['model']['backbone'].pop('type').endswith('Pyramid')
    assert ours['model']['backbone'].pop('type').endswith('Encoder')
    heads = [cfg['model'].pop('decode_head') for cfg in (ours, theirs)]
    for shared in ('loss_decode', 'max_depth', 'num_classes'):
        assert heads[0].get(shared) == heads[1].get(shared), shared
    del ours['model']['neck']
    neck = theirs['model'].pop('neck')
    assert (neck is None) == ('dinov2' not in leaf)
    assert theirs == ours


def ours_of(leaf):
    """Our config of the peer's encoder and data."""
    folder, name = leaf.split('/')
    _, encoder, rest = name.split('_', 2)
    pair = PAIRS[encoder, folder]
    return load(f'{folder}/xnet_{pair}_{rest}')
