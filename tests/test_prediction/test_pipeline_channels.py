"""Images of other than three channels, prepared as in a test."""

import cv2
import numpy as np
import pytest
from channel_files import noise, write_tiff
from mmcv.transforms import BaseTransform
from mmengine.config import Config
from mmengine.registry import TRANSFORMS, init_default_scope

from xnet_mm.prediction.pipeline import PlainPipeline


@pytest.fixture
def pipeline():
    init_default_scope('mmseg')

    def make(loader):
        steps = [loader, dict(type='Resize', scale=(30, 20), keep_ratio=True)]
        steps += [dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
        return PlainPipeline(Config(dict(test_pipeline=steps)))

    return make


def test_our_loader(pipeline, tmp_path):
    image = noise(5)
    path = write_tiff(tmp_path / 'a.tif', image)
    loader = dict(type='xnet_mm.LoadMultiChannelImage', channels=(4, 2, 0, 1))
    plain = pipeline(loader)
    assert plain.takes_arrays
    shown = plain.picture(path)
    assert shown.shape == (48, 64, 3) and shown.dtype == np.uint8
    values = image[..., [4, 2, 0, 1]].astype(np.float32)
    small = cv2.resize(values, (27, 20))
    for packed in (plain(shown, path), plain(values)):
        found = packed['inputs'].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(found, small, rtol=1e-6)
        assert packed['data_samples'].ori_shape == (48, 64)
    # A frame of a video is B, G, R of 8 bits, and no such thing.
    with pytest.raises(ValueError, match=r'LoadMultiChannel.* frames of a v'):
        plain(shown)


def test_a_loader_of_other_people(pipeline, tmp_path):
    """As MMSegmentation's for GDAL: what is shown is read by ours."""

    @TRANSFORMS.register_module(name='LoadBands', force=True)
    class LoadBands(BaseTransform):
        def transform(self, results):
            results['img'] = noise(5).astype(np.float32)
            results['img_shape'] = results['ori_shape'] = (48, 64)
            return results

    plain = pipeline(dict(type='LoadBands'))
    assert not plain.takes_arrays
    path = write_tiff(tmp_path / 'a.tif', noise(5, 'uint8'))
    shown = plain.picture(path)
    np.testing.assert_array_equal(shown, noise(5, 'uint8')[..., [2, 1, 0]])
    assert plain(shown, path)['inputs'].shape == (5, 20, 27)
    (tmp_path / 'b.tif').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'b\.tif: unreadable image'):
        plain.picture(tmp_path / 'b.tif')


def test_pictures_are_read_as_before(pipeline, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), noise(3, 'uint8'))
    plain = pipeline(dict(type='xnet_mm.LoadImage'))
    assert not plain.takes_arrays
    shown = plain.picture(tmp_path / 'a.png')
    np.testing.assert_array_equal(shown, noise(3, 'uint8'))
    path = write_tiff(tmp_path / 'a.tif', noise(5))
    with pytest.raises(ValueError, match=r'unreadable.*LoadMultiChannelImage'):
        plain.picture(path)  # which the model would not take either
