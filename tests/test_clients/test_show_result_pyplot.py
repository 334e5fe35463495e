"""MMSegmentation's show_result_pyplot with our models: drawn by its rules."""

import cv2
import numpy as np
import pytest
from config_files import load
from mmseg.apis import inference_model, init_model, show_result_pyplot
from mmseg.registry import DATASETS
from tiny_clients import columns, with_known_model, write_image
from tiny_depth import depth_of

CAMVID = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
SCENES = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth-192x256.py'


def show(config, folder, checkpoint=True, as_array=False):
    """The image, and the picture in the file; it is what is returned."""
    cfg, path = with_known_model(load(config), folder)
    model = init_model(cfg, path if checkpoint else None, device='cpu')
    image = columns(288, 384, (0, 3, 5, 1))[0]  # CamVid's test size
    file = write_image(folder / 'image.png', image)
    if as_array:
        result, shown = inference_model(model, image), image[..., ::-1]
    else:
        result, shown = inference_model(model, file), file
    out_file = str(folder / 'out' / 'shown.png')
    options = dict(show=False, with_labels=False, out_file=out_file)
    returned = show_result_pyplot(model, shown, result, **options)
    picture = cv2.imread(out_file)[..., ::-1]
    # matplotlib up to 3.10 moves some pixels of what is returned by one.
    assert np.abs(returned.astype(float) - picture).mean() < 1
    return image[..., ::-1], picture


@pytest.mark.parametrize('as_array', [False, True])
def test_segmentation(as_array, tmp_path):
    image, picture = show(CAMVID, tmp_path, as_array=as_array)
    palette = np.array(DATASETS.get('CamVidDataset').METAINFO['palette'])
    colours = palette[columns(288, 384)[1]]
    assert np.array_equal(picture, (image * 0.5 + colours * 0.5).astype('u1'))


# Without a checkpoint nothing says what the data were.
@pytest.mark.parametrize('checkpoint', [True, False])
@pytest.mark.parametrize('as_array', [False, True])
def test_depth(checkpoint, as_array, tmp_path):
    image, picture = show(SCENES, tmp_path, checkpoint, as_array)
    assert picture.shape == (2 * 288, 384, 3)
    assert np.array_equal(picture[:288], image)
    depth = depth_of(image[..., ::-1]) if checkpoint else image[..., 0] / 30
    depth = depth - depth.min()
    near_to_far = (255 * depth / depth.max()).astype(np.uint8)
    colours = cv2.applyColorMap(near_to_far, cv2.COLORMAP_JET)[..., ::-1]
    differs = np.abs(picture[288:].astype(int) - colours).max()
    assert differs <= 4  # a step of the map
