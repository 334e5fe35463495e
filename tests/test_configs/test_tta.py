"""The sizes that --tta looks at, of every config with classes."""

import mmcv
import pytest
from config_files import CONFIGS, LEAVES, find, load
from mmengine.config import Config

RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
# (width, height) of files: all that there are, or some of many.
FILES = {
    'ADE20KDataset': [
        *((683, 512), (1536, 1024), (512, 683), (256, 256)),
        *((2100, 300), (300, 200), (2048, 1363)),
    ],
    'CityscapesDataset': [(2048, 1024)],
    'xnet_mm.CamVidDataset': [(480, 360)],
    'xnet_mm.ScenesDataset': [(320, 240)],
}
SEGMENTATION = [
    leaf.relative_to(CONFIGS).as_posix()
    for leaf in LEAVES
    if Config.fromfile(leaf).train_dataloader.dataset.type in FILES
]
ADE20K = [leaf for leaf in SEGMENTATION if 'ade20k/' in leaf]


def size_after(resize, size):
    """(width, height) that a Resize of a config makes of a file's."""
    scale = resize.get('scale_factor') or tuple(resize.scale)
    assert resize.keep_ratio
    return mmcv.rescale_size(size, scale)


def views(cfg, size):
    """Sizes of the views of a file."""
    resizes = cfg.tta_pipeline[1].transforms[0]
    assert len(resizes) == len(RATIOS)
    return [size_after(resize, size) for resize in resizes]


@pytest.mark.parametrize('config', SEGMENTATION)
def test_ratio_one_is_the_single_scale_test(config):
    cfg = load(config)
    data = cfg.test_dataloader.dataset
    for size in FILES[data.type]:
        single = size_after(find(data.pipeline, 'Resize'), size)
        assert views(cfg, size)[RATIOS.index(1.0)] == single
    load_image, augment = cfg.tta_pipeline
    assert load_image.type == 'xnet_mm.LoadImage'
    assert [f.prob for f in augment.transforms[1]] == [0.0, 1.0]
    assert [t[0].type for t in augment.transforms[2:]] == [
        'xnet_mm.LoadLabels',
        'PackSegInputs',
    ]


def published(size, short, ratio):
    """MMSegmentation 0.x: img_scale times ratio, the file fitted into it.

    Its img_scale has the long side first, in whichever orientation.
    """
    limits = int(4 * short * ratio), int(short * ratio)
    factor = min(limits[0] / max(size), limits[1] / min(size))
    return tuple(int(side * factor + 0.5) for side in size)


@pytest.mark.parametrize('config', ADE20K)
def test_ade20k_has_the_published_scales(config):
    cfg = load(config)
    short = 640 if '640x640' in config else 512
    assert tuple(cfg.img_scale) == (4 * short, short)
    for size in FILES['ADE20KDataset']:
        wanted = [published(size, short, ratio) for ratio in RATIOS]
        assert views(cfg, size) == wanted


def test_scales_worked_by_hand():
    cfg = load('ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py')
    assert views(cfg, (1536, 1024)) == [
        *((384, 256), (576, 384), (768, 512)),
        *((960, 640), (1152, 768), (1344, 896)),
    ]
    # Wide: the long side ends at 2048, the short one at less than 512.
    assert views(cfg, (4096, 512))[2] == (2048, 256)


def test_scales_of_the_files(tmp_path):
    leaf = CONFIGS / 'ade20k/mine.py'
    base = 'xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'
    path = tmp_path / 'mine.py'
    path.write_text(
        f'_base_ = {str(leaf.with_name(base))!r}\n'
        'tta_pipeline = {{_base_.tta_of_files}}\n'
    )
    text = (CONFIGS / 'ade20k/README.md').read_text()
    assert 'tta_pipeline = {{_base_.tta_of_files}}' in text
    cfg = Config.fromfile(path)
    assert views(cfg, (1536, 1024)) == [
        (int(1536 * ratio + 0.5), int(1024 * ratio + 0.5)) for ratio in RATIOS
    ]
