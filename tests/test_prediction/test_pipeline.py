"""An image is prepared as tools/test.py prepares it."""

import cv2
import numpy as np
import picture_files
import pytest
import tiny
import tiny_depth
import torch
from mmcv.transforms import BaseTransform
from mmengine.config import Config
from mmengine.registry import TRANSFORMS
from mmseg.registry import DATASETS

from xnet_mm.fileio.images import read_image
from xnet_mm.prediction.pipeline import PlainPipeline

CROP = [dict(type='xnet_mm.KBCrop')]
FLIP = dict(type='xnet_mm.DepthRandomFlip', prob=1.0)
LOADER = 'test_dataloader.dataset.pipeline.0'
RESIZE = dict(type='Resize', scale=(40, 30), keep_ratio=True)
PACK = dict(type='PackSegInputs')


def seg_config(folder):
    root = tiny.write_tiny_seg(folder, num=2)
    path = tiny.write_tiny_config(folder / 'seg.py', root)
    return Config.fromfile(path)


def depth_config(folder, crop=()):
    config, _ = tiny_depth.write_run(folder, crop)
    for path in folder.rglob('*.png') if crop else ():
        small = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), cv2.resize(small, (1242, 376)))
    return Config.fromfile(config)


def compare(cfg, as_array=True):
    """Each image of the test data by its data set and by itself."""
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    plain = PlainPipeline(cfg)
    for i in range(len(dataset)):
        wanted = dataset[i]
        path = wanted['data_samples'].img_path
        image = read_image(path)
        found = [plain(image, path)]
        if as_array:
            found.append(plain(image))
        for sample in found:
            assert sample['inputs'].dtype == wanted['inputs'].dtype
            torch.testing.assert_close(
                sample['inputs'], wanted['inputs'], rtol=0, atol=0
            )
            for key in ('img_shape', 'ori_shape'):
                shape = sample['data_samples'].metainfo[key]
                assert shape == wanted['data_samples'].metainfo[key]
    return plain


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {LOADER: dict(type='xnet_mm.LoadImage')},
        {LOADER: dict(type='LoadImageFromFile', _scope_='xnet_mm')},
        {LOADER: dict(type='xnet_mm.LoadImage', to_float32=True)},
        {LOADER: dict(type='LoadImageFromFile', to_float32=True)},
        {'test_dataloader.dataset.pipeline.1': RESIZE},
        {
            'test_dataloader.dataset.pipeline': [
                dict(type='LoadImageFromFile'),
                dict(RESIZE, scale=(96, 24), keep_ratio=False),
                dict(type='mmseg.LoadAnnotations'),
                PACK,
            ]
        },
    ],
)
def test_classes(tmp_path, changes):
    cfg = seg_config(tmp_path)
    cfg.merge_from_dict(changes)
    compare(cfg)


@pytest.mark.parametrize('color', ['grayscale', 'unchanged'])
def test_loaders_that_give_other_channels(tmp_path, color):
    cfg = seg_config(tmp_path)
    cfg.merge_from_dict({f'{LOADER}.color_type': color})
    path = tmp_path / 'images' / '0.png'
    image = cv2.imread(str(path))
    cv2.imwrite(str(path), np.dstack([image, image[..., :1]]))
    plain = compare(cfg, as_array=False)
    channels = {plain(image, path)['inputs'].shape[0]}
    assert channels == {1 if color == 'grayscale' else 4}
    with pytest.raises(ValueError, match=f'{color}.*frames of a video cannot'):
        plain(image)


@pytest.mark.parametrize('crop', [(), CROP])
def test_depth(tmp_path, crop):
    compare(depth_config(tmp_path, crop))


def test_the_base_pipeline_is_not_asked(tmp_path):
    """As where --cfg-options or a leaf changed what is tested."""
    cfg = depth_config(tmp_path)
    cfg.test_pipeline = [*cfg.test_pipeline[:1], RESIZE, PACK]
    plain = compare(cfg)
    assert len(plain.transforms) == 2
    cfg.pop('test_dataloader')
    names = [type(t).__name__ for t in PlainPipeline(cfg).transforms]
    assert names == ['LoadImageFromNDArray', 'Resize', 'PackSegInputs']
    cfg.pop('test_pipeline')
    with pytest.raises(ValueError, match='neither test_dataloader'):
        PlainPipeline(cfg)


def test_data_sets_in_wrappers(tmp_path):
    cfg = depth_config(tmp_path)
    part = cfg.test_dataloader.dataset.to_dict()
    part['pipeline'].insert(1, FLIP)
    again = dict(type='RepeatDataset', dataset=part, times=2)
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[part, again]
    )
    compare(cfg)
    # Other ground truth is no difference, another size is.
    other = dict(
        part, pipeline=[part['pipeline'][0], FLIP, part['pipeline'][-1]]
    )
    cfg.test_dataloader.dataset.datasets = [part, other]
    compare(cfg)
    other = dict(part, pipeline=[part['pipeline'][0], part['pipeline'][-1]])
    cfg.test_dataloader.dataset.datasets = [part, other]
    with pytest.raises(
        ValueError, match='has 2 pipelines that differ, wanted'
    ):
        PlainPipeline(cfg)


def test_no_pipeline(tmp_path):
    cfg = seg_config(tmp_path)
    cfg.test_dataloader.dataset.pop('pipeline')
    with pytest.raises(ValueError, match='dataset has no pipeline, wanted on'):
        PlainPipeline(cfg)


def test_a_pipeline_of_the_wrapper(tmp_path):
    cfg = seg_config(tmp_path)
    data = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(
        type='MultiImageMixDataset', dataset=data, pipeline=[RESIZE]
    )
    with pytest.raises(
        ValueError, match='MultiImageMixDataset has a pipeline'
    ):
        PlainPipeline(cfg)


class LoadBrighter(BaseTransform):
    """No ground truth, whatever it is called."""

    def transform(self, results):
        results['img'] = results['img'] // 2
        return results


class LoadFocal(BaseTransform):
    """What only the data set knows."""

    def transform(self, results):
        results['img'] = results['img'] + results['focal']
        return results


class LoadHalf(BaseTransform):
    """Another reader of files."""

    def transform(self, results):
        image = read_image(results['img_path'])[::2, ::2]
        shape = image.shape[:2]
        results.update(img=image, img_shape=shape, ori_shape=shape)
        return results


@pytest.fixture(autouse=True)
def registered():
    for cls in (LoadBrighter, LoadFocal, LoadHalf):
        TRANSFORMS.register_module(module=cls, force=True)
    yield
    for cls in (LoadBrighter, LoadFocal, LoadHalf):
        TRANSFORMS.module_dict.pop(cls.__name__)


def test_transforms_that_are_called_loaders(tmp_path, caplog):
    cfg = seg_config(tmp_path)
    steps = cfg.test_dataloader.dataset.pipeline
    steps.insert(1, dict(type='LoadBrighter'))
    compare(cfg)
    steps.insert(1, dict(type='LoadFocal'))
    image = picture_files.RGB
    plain = PlainPipeline(cfg)
    for _ in range(2):
        inputs = plain(image)['inputs']
        np.testing.assert_array_equal(inputs.permute(1, 2, 0), image // 2)


def test_a_loader_of_their_own(tmp_path):
    cfg = seg_config(tmp_path)
    cfg.test_dataloader.dataset.pipeline[0] = dict(type='LoadHalf')
    plain = compare(cfg, as_array=False)
    with pytest.raises(ValueError, match=r'LoadHalf.*frames of a video'):
        plain(picture_files.RGB)
