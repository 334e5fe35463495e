"""A prediction as arrays, pictures, points and files."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.result import Prediction
from xnet_mm.prediction.writers import Facts

IMAGE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10  # BGR
LABELS = [[0, 1, 2], [2, 1, 0]]
LOGITS = torch.tensor(LABELS)[None] == torch.arange(3)[:, None, None]
DEPTHS = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
META = dict(
    classes=('wall', 'floor', 'bed'),
    palette=[[200, 0, 0], [0, 100, 0], [0, 0, 50]],
)
CAMERA = (2.0, 4.0, 1.0, 0.5)


def prediction(*keys, meta=META, file=None, box=None, **data):
    data = {
        'pred_sem_seg': torch.tensor(LABELS)[None],
        'seg_logits': LOGITS.float() * 2,
        'pred_depth_map': DEPTHS[None],
        **data,
    }
    sample = SegDataSample(**{k: PixelData(data=data[k]) for k in keys})
    if box:
        sample.set_metainfo(dict(crop_box=box))
    max_depth = 8.0 if 'pred_depth_map' in keys else None
    facts = Facts(meta, 'a.pth', max_depth, True)
    return Prediction(sample, IMAGE, facts, 'x', file)


SEG = ('pred_sem_seg', 'seg_logits')
DEPTH = ('pred_depth_map',)


def test_classes():
    found = prediction(*SEG)
    assert found.size == (2, 3)
    assert found.classes == ('wall', 'floor', 'bed')
    assert found.labels.dtype == np.int64 and found.labels.tolist() == LABELS
    e = np.exp(2.0)
    sure, other = e / (e + 2), 1 / (e + 2)
    np.testing.assert_allclose(found.confidence, np.full((2, 3), sure))
    wanted = np.where(LOGITS.numpy(), sure, other)
    np.testing.assert_allclose(found.probabilities(), wanted, rtol=1e-6)
    np.testing.assert_allclose(
        found.probabilities(['bed', 0]), wanted[[2, 0]], rtol=1e-6
    )
    np.testing.assert_array_equal(found.image, IMAGE[..., ::-1])


def test_one_channel_is_two_classes():
    scores = torch.tensor([[0.2, 0.6, 0.45], [0.9, 0.5, 0.0]])
    labels = (scores > 0.3).float()  # MMSegmentation's are floats
    found = prediction(
        *SEG,
        pred_sem_seg=labels[None],
        seg_logits=scores[None],
        meta=dict(classes=('no', 'yes'), palette=[[0, 0, 0], [9, 9, 9]]),
    )
    assert found.labels.tolist() == [[0, 1, 1], [1, 1, 0]]
    np.testing.assert_allclose(
        found.confidence, [[0.8, 0.6, 0.45], [0.9, 0.5, 1.0]]
    )
    np.testing.assert_allclose(found.probabilities(['yes'])[0], scores)
    assert found.picture().shape == (2, 3, 3)


def test_depth():
    found = prediction(*DEPTH)
    np.testing.assert_array_equal(found.depth, DEPTHS.numpy(), strict=True)
    assert found.crop_box == (0, 0, 2, 3)
    points, colours = found.points(CAMERA)
    z = DEPTHS.numpy().ravel()
    v, u = (i.ravel() for i in np.indices((2, 3)))
    wanted = np.stack([(u - 1) / 2 * z, (v - 0.5) / 4 * z, z], axis=-1)
    np.testing.assert_allclose(points, wanted, rtol=1e-6)
    np.testing.assert_array_equal(colours, found.image.reshape(-1, 3))
    assert points.dtype == np.float32 and colours.dtype == np.uint8


def test_a_cropped_depth_has_a_moved_camera(tmp_path):
    found = prediction(
        *DEPTH, box=(1, 1, 1, 2), pred_depth_map=DEPTHS[None, 1:, 1:]
    )
    assert found.size == (2, 3) and found.crop_box == (1, 1, 1, 2)
    whole = prediction(*DEPTH)
    points, colours = found.points(CAMERA)
    np.testing.assert_allclose(points, whole.points(CAMERA)[0][4:])
    np.testing.assert_array_equal(colours, whole.points(CAMERA)[1][4:])
    matrix = np.array([[2.0, 0, 1], [0, 4, 0.5], [0, 0, 1]])
    np.savetxt(tmp_path / 'K.txt', matrix)
    for camera in (matrix, tmp_path / 'K.txt', '2,4,1,0.5', [2, 4, 1, 0.5]):
        np.testing.assert_array_equal(found.points(camera)[0], points)


@pytest.mark.parametrize(
    'camera', [(1, 2, 3), 'x', (0, 1, 2, 3), np.eye(2), np.ones((3, 3)), 5]
)
def test_a_camera_that_is_none(camera):
    with pytest.raises(ValueError, match='wanted'):
        prediction(*DEPTH).points(camera)


@pytest.mark.parametrize(
    ('keys', 'ask', 'message'),
    [
        (DEPTH, lambda p: p.labels, r'x has no labels: its model predicts d'),
        (DEPTH, lambda p: p.classes, r'x has no classes: .* ask for \.depth'),
        (DEPTH, lambda p: p.confidence, r'x has no confidence: its model'),
        (DEPTH, lambda p: p.probabilities(), r'x has no probabilities: its'),
        (SEG, lambda p: p.depth, r'x has no depth: its model predicts clas'),
        (SEG, lambda p: p.crop_box, r'x has no depth: .* ask for \.labels'),
        (SEG, lambda p: p.points(CAMERA), r'x has no depth: its model'),
        (SEG, lambda p: p.save('o', intrinsics=CAMERA), r'x has no depth'),
    ],
)
def test_what_the_model_does_not_predict(keys, ask, message):
    with pytest.raises(AttributeError, match=message):
        ask(prediction(*keys))


def test_a_checkpoint_without_names():
    found = prediction(*SEG, meta={})
    assert found.labels.tolist() == LABELS
    with pytest.raises(AttributeError, match=r'a\.pth does not name its cl'):
        _ = found.classes
    with pytest.raises(ValueError, match=r'a\.pth does not say its classes'):
        found.picture()


@pytest.mark.parametrize('classes', ['bed', 1, ['chair'], [3], [-1]])
def test_classes_that_are_none(classes):
    with pytest.raises(ValueError, match=r'^classes'):
        prediction(*SEG).probabilities(classes)


def files(folder):
    return sorted(
        str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file()
    )


@pytest.mark.parametrize(
    ('keys', 'names'),
    [
        (SEG, ['labels/x.png', 'legend.png', 'overlays/x.png']),
        (DEPTH, ['depth/x.png', 'pictures/x.png']),
        (
            SEG + DEPTH,
            ['depth/x.png', 'labels/x.png', 'legend.png', 'pictures/x.png'],
        ),
    ],
)
def test_a_folder_gets_all_files(tmp_path, keys, names):
    found = prediction(*keys)
    assert found.save(str(tmp_path / 'a.b')) == tmp_path / 'a.b'
    assert files(tmp_path / 'a.b') == names
    shown = next(n for n in names if n.startswith(('overlays', 'pictures')))
    stored = cv2.imread(str(tmp_path / 'a.b' / shown))[..., ::-1]
    np.testing.assert_array_equal(stored, found.picture(), strict=True)


def test_a_cloud_goes_to_the_folder(tmp_path):
    prediction(*DEPTH).save(tmp_path, intrinsics=CAMERA)
    assert 'clouds/x.ply' in files(tmp_path)


@pytest.mark.parametrize('suffix', ['png', 'PNG', 'bmp', 'tiff'])
def test_a_picture_alone(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    found = prediction(*SEG)
    found.save(path, opacity=1.0)
    stored = cv2.imread(str(path))[..., ::-1]
    np.testing.assert_array_equal(stored, found.picture(opacity=1.0))
    np.testing.assert_array_equal(stored, np.array(META['palette'])[LABELS])


def test_the_values_alone(tmp_path):
    prediction(*SEG).save(tmp_path / 'a.npy')
    assert np.load(tmp_path / 'a.npy').tolist() == LABELS
    prediction(*SEG, *DEPTH).save(tmp_path / 'a.npy')
    np.testing.assert_array_equal(np.load(tmp_path / 'a.npy'), DEPTHS)


def test_the_range_of_the_colours():
    found = prediction(*DEPTH)
    plain = found.picture()
    assert not np.array_equal(plain, found.picture(depth_range=(1, 6)))
    np.testing.assert_array_equal(plain, found.picture(depth_range=(0, 8)))
    for wrong in ('far', (2, 1)):
        with pytest.raises(ValueError, match='the range of depth colours'):
            found.picture(depth_range=wrong)
    with pytest.raises(ValueError, match='opacity'):
        found.picture(opacity=1.5)


def test_the_image_itself_is_not_written_over(tmp_path):
    image = tmp_path / 'labels/x.png'
    image.parent.mkdir()
    image.write_bytes(b'mine')
    found = prediction(*SEG, file=image)
    for target in (tmp_path, image):
        with pytest.raises(ValueError, match=r'x\.png is the image itself'):
            found.save(target)
    assert image.read_bytes() == b'mine'


def test_a_prediction_of_another_size():
    found = prediction(*DEPTH, pred_depth_map=DEPTHS[None, 1:])
    with pytest.raises(ValueError, match=r'x: the image has \(2, 3\) pixels'):
        _ = found.depth


def test_what_it_says_of_itself():
    assert repr(prediction(*DEPTH)) == (
        '<Prediction x: pred_depth_map of (2, 3)>'
    )
