"""A loaded model: any image in, what tools/predict.py gives out."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from shared_models import (
    CLASSES,
    KINDS,
    METAS,
    arrays,
    assert_same,
    load_pair,
    picture,
    save_picture,
    write_pair,
)
from tool_runs import run_tool
from video_files import write_video

import xnet_mm
from xnet_mm.prediction.result import Prediction


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    return {kind: load_pair(folder / kind, kind) for kind in KINDS}


@pytest.fixture(params=KINDS)
def model(models, request):
    return models[request.param]


def pictures_of_all_kinds(folder):
    """Files that readers differ in, and whether Pillow's pixels are equal."""
    rgb, grey = picture(), picture()[..., 0]
    save_picture(folder / 'rgb.png', rgb)
    save_picture(folder / 'grey.png', grey)
    save_picture(folder / 'rgba.png', np.dstack([rgb, grey]))
    save_picture(folder / 'deep.png', grey.astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(rgb).save(folder / 'turned.png', exif=exif)
    Image.fromarray(rgb).save(folder / 'turned.jpg', exif=exif)
    return sorted(folder.iterdir())


def test_files_give_what_the_tool_writes(tmp_path, models, monkeypatch):
    """Bit for bit: labels and metres, for every kind of picture."""
    files = pictures_of_all_kinds(tmp_path / 'in')
    pair = write_pair(tmp_path / 'pair', 'both')
    out = tmp_path / 'out'
    options = ('--out-dir', out, '--npy', '--device', 'cpu')
    run_tool(monkeypatch, 'predict.py', *pair, tmp_path / 'in', *options)
    names = [str(f.relative_to(tmp_path / 'in')) for f in files]
    for name, file in zip(names, files, strict=True):
        twice = [n for n in names if n.split('.')[0] == name.split('.')[0]]
        stem = name if len(twice) > 1 else name.split('.')[0]
        found = models['both'](file)
        labels = cv2.imread(str(out / f'labels/{stem}.png'), -1)
        np.testing.assert_array_equal(found.labels, labels)
        depth = np.load(out / f'npy/{stem}.npy')
        np.testing.assert_array_equal(found.depth, depth, strict=True)
        drawn = cv2.imread(str(out / f'pictures/{stem}.png'))[..., ::-1]
        np.testing.assert_array_equal(found.picture(), drawn, strict=True)
        saved = found.save(tmp_path / 'saved')
        folders = ['labels', 'depth', 'pictures']
        for folder in folders:
            one = (saved / folder / f'{found.name}.png').read_bytes()
            assert one == (out / folder / f'{stem}.png').read_bytes()


def test_a_file_its_picture_and_its_array_are_one(model, tmp_path):
    for file in pictures_of_all_kinds(tmp_path):
        if file.suffix != '.png':  # decoders of JPEG differ
            continue
        with Image.open(file) as opened:
            assert_same(model(file), model(opened))
        assert_same(model(str(file)), model(model(file).image))


def test_pictures_of_other_modes(models):
    rgb = picture()
    grey = Image.fromarray(rgb[..., 0])
    found = models['depth'](grey)
    assert_same(found, models['depth'](np.repeat(rgb[..., :1], 3, axis=2)))
    with pytest.raises(ValueError, match=r'image_000001: float, signed or'):
        models['depth'](Image.fromarray(np.zeros((9, 9), np.float32)))


def test_many_are_as_one_by_one(model):
    images = [picture(seed=i) for i in range(3)]
    images.append(picture(40, 64, seed=3))
    found = model(images)
    assert isinstance(found, list)
    assert [r.name for r in found] == [f'image_00000{i}' for i in '1234']
    for result, image in zip(found, images, strict=True):
        assert_same(result, model(image))
        np.testing.assert_array_equal(result.image, image)
    assert model([]) == []


def test_batches_keep_their_order(model):
    images = [picture(seed=i) for i in range(5)]
    sizes = []
    handle = model.predictor.model.backbone.register_forward_pre_hook(
        lambda module, args: sizes.append(len(args[0]))
    )
    found = model(tuple(images), batch_size=2)
    handle.remove()
    assert sizes == [2, 2, 1]
    for result, image in zip(found, images, strict=True):
        alone = arrays(model(image))
        for key, value in arrays(result).items():
            if key != 'pred_sem_seg':
                np.testing.assert_allclose(value, alone[key], atol=1e-5)


def test_an_endless_generator_is_taken_as_needed(models):
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield picture(seed=len(taken))

    source = models['depth'](endless(), batch_size=2)
    assert taken == []
    first = [next(source) for _ in range(4)]
    assert len(taken) <= 4 + 2 * 2
    for i, result in enumerate(first):
        np.testing.assert_array_equal(result.image, picture(seed=i + 1))
    source.close()


def test_an_unreadable_image_comes_after_those_before_it(models, tmp_path):
    good = save_picture(tmp_path / 'a.png', picture())
    (tmp_path / 'b.png').write_bytes(b'no picture')
    source = models['depth'](iter([good, tmp_path / 'b.png', good]), 3)
    assert next(source).file == good
    with pytest.raises(ValueError, match=r'b\.png: unreadable image'):
        next(source)


def test_equal_names_do_not_meet(models, tmp_path):
    files = [
        save_picture(tmp_path / folder / 'x.png', picture()) for folder in 'ab'
    ]
    found = models['depth']([*files, files[0]])
    assert [r.name for r in found] == ['x', 'x_2', 'x_3']


def test_a_video_comes_frame_by_frame(models, tmp_path):
    path = tmp_path / 'clip.avi'
    write_video(path, 3, noise=50)
    source = models['both'](path)
    assert not isinstance(source, list)
    found = [*source]
    assert [r.name for r in found] == [f'clip/00000{i}' for i in range(3)]
    capture = cv2.VideoCapture(str(path))
    for result in found:
        frame = capture.read()[1][..., ::-1]
        np.testing.assert_array_equal(result.image, frame)
        assert_same(result, models['both'](result.image))


@pytest.mark.parametrize(
    ('image', 'kind', 'message'),
    [
        (3, TypeError, r'image_000001 is a int; wanted the path'),
        (None, TypeError, r'is a NoneType; wanted'),
        (torch.zeros(3, 9, 9), TypeError, r'is a Tensor; wanted'),
        (np.zeros((9, 9), np.uint8), ValueError, r'shape \(9, 9\); wanted'),
        (
            *(np.zeros((9, 9, 3), np.float32), ValueError),
            r'shape \(9, 9, 3\) and type float32; .*astype\(np\.uint8\)',
        ),
        (np.zeros((0, 9, 3), np.uint8), ValueError, r'shape \(0, 9, 3\)'),
        ('no/such.png', FileNotFoundError, r'no/such\.png: no such image'),
        ('no/such.mp4', FileNotFoundError, r'no/such\.mp4: no such file'),
        ('.', ValueError, r'\.: a folder, wanted a file'),
        (['a.mp4'], ValueError, r"a\.mp4: a video stands alone: model\('a"),
    ],
)
def test_what_is_no_image(models, image, kind, message):
    with pytest.raises(kind, match=message):
        models['depth'](image)


@pytest.mark.parametrize('size', [0, -1, 1.5, True, None])
def test_a_batch_size_that_is_none(models, size):
    with pytest.raises(ValueError, match=f'batch_size={size}, wanted 1 or'):
        models['depth']([picture()], batch_size=size)


def test_what_it_says_of_itself(models):
    found = models['both']
    assert (found.classes, found.max_depth) == (CLASSES, 8.0)
    assert (found.channels, found.dtype) == (3, torch.float32)
    assert models['segmentation'].max_depth is None
    assert models['depth'].classes == ()
    assert repr(found).endswith('iter_2.pth: 3 classes, depth up to 8 m>')


def test_data_of_both_truths_make_no_model_of_both(tmp_path):
    meta = METAS['both']
    segmentor = load_pair(tmp_path / 's', 'segmentation', meta=meta)
    assert (segmentor.classes, segmentor.max_depth) == (CLASSES, None)
    depth = load_pair(tmp_path / 'd', 'depth', meta=meta)
    assert (depth.classes, depth.max_depth) == ((), 8.0)


@pytest.mark.parametrize('kind', KINDS)
def test_bfloat16_is_near(tmp_path, models, kind):
    pair = write_pair(tmp_path, kind)
    half = xnet_mm.load(*pair, device='cpu', dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16
    near, found = arrays(models[kind](picture())), arrays(half(picture()))
    for key in ('seg_logits', 'pred_depth_map'):
        if key in near:
            scale = np.abs(near[key]).max()
            np.testing.assert_allclose(found[key], near[key],
                                       atol=0.05 * scale)  # fmt: skip
    with pytest.raises(ValueError, match=r'for torch\.bfloat16; load it wi'):
        half.save_pretrained(tmp_path / 'saved')
    assert not (tmp_path / 'saved').exists()


@pytest.mark.parametrize('dtype', [torch.int8, 'float16', torch.float64])
def test_a_precision_that_is_none(tmp_path, dtype):
    pair = write_pair(tmp_path, 'depth')
    with pytest.raises(ValueError, match=r'dtype=.*, wanted torch\.float32'):
        xnet_mm.load(*pair, device='cpu', dtype=dtype)


def test_several_channels(tmp_path):
    from xnet_mm.prediction.model import Model

    seen = dict(in_chans=5)
    model = load_pair(
        *(tmp_path, 'segmentation'),
        data_preprocessor=dict(
            type='xnet_mm.MultiChannelDataPreProcessor',
            mean=[9.0] * 5,
            std=[30.0] * 5,
        ),
        backbone=dict(
            type='xnet_mm.PretrainedEncoder',
            encoder=dict(type='timm', model_name='convnext_atto', **seen),
        ),
        neck=dict(
            type='xnet_mm.PretrainedReversedDecoder',
            decoder=dict(type='timm', model_name='convnext_atto', **seen),
        ),
        loader=dict(type='xnet_mm.LoadMultiChannelImage', shown=(4, 0, 1)),
    )
    assert isinstance(model, Model) and model.channels == 5
    image = np.random.default_rng(0).integers(
        256, size=(48, 64, 5), dtype=np.uint8
    )
    np.save(tmp_path / 'a.npy', image)
    found = model(tmp_path / 'a.npy')
    assert isinstance(found, Prediction)
    assert_same(found, model(image))
    np.testing.assert_array_equal(found.image, image[..., [4, 0, 1]])
    np.testing.assert_array_equal(model(image).image, found.image)
    again = xnet_mm.load(model.save_pretrained(tmp_path / 's'), device='cpu')
    assert_same(found, again(image))
