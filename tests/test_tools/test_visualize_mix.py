"""tools/visualize_mix.py from the outside."""

from functools import partial

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from tool_runs import run_tool

from xnet_mm.visualization.mixed_feature import largest_component
from xnet_mm.visualization.panels import GAP, ROW

CONFIG = """
default_scope = 'mmseg'
classifier = dict(
    type='timm', model_name='convnext_atto',
    depths=(1, 1, 1, 1), dims=(8, 8, 16, 16))
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[127.5] * 3, std=[127.5] * 3,
        bgr_to_rgb=True, test_cfg=dict(size_divisor=32)),
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder=classifier),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder=classifier,
        mix={mix!r}, mix_init='random'),
    decode_head=dict(
        type='xnet_mm.PFPHead', num_classes=3, channels=4,
        pyramid_channels=4),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(40, 30), keep_ratio=True),
    dict(type='PackSegInputs')]
"""
META = dict(
    classes=['a', 'b', 'c'], palette=[[200, 0, 0], [0, 200, 0], [0, 0, 200]]
)
HEIGHT, WIDTH = 60, 80


def write_model(folder, mix):
    """(config, checkpoint) of a random tiny model, and the model."""
    init_default_scope('mmseg')
    config = folder / f'{mix}.py'
    config.write_text(CONFIG.format(mix=mix))
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(config).model).eval()
    checkpoint = folder / f'{mix}.pth'
    torch.save(
        dict(state_dict=model.state_dict(), meta=dict(dataset_meta=META)),
        checkpoint,
    )
    return (str(config), str(checkpoint)), model


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / 'images'
    for name in ('a', 'sub/b'):
        path = folder / f'{name}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        small = rng.integers(256, size=(4, 5, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(small, (WIDTH, HEIGHT)))
    return folder


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch, 'visualize_mix.py')


def panel(picture, row_top, column):
    left = column * (WIDTH + GAP)
    return picture[row_top + ROW :][:HEIGHT, left : left + WIDTH]


def test_rows_of_a_folder(tmp_path, images, run, capsys):
    xnet_i, model = write_model(tmp_path, 'image')
    xnet, _ = write_model(tmp_path, 'stem')
    out = tmp_path / 'out'
    run(
        *(images, '--out-dir', out, '--device', 'cpu'),
        *('--model', 'one', *xnet_i, '--model', 'two', *xnet),
    )
    pictures = {p.relative_to(out).as_posix() for p in out.rglob('*.png')}
    assert pictures == {'a.png', 'sub/b.png'}
    picture = cv2.imread(str(out / 'a.png'))
    image = cv2.imread(str(images / 'a.png'))
    assert picture.shape[1] >= 3 * WIDTH + 2 * GAP
    np.testing.assert_array_equal(panel(picture, 0, 0), image)

    # The mixed feature by hand: 30x40, padded to 32x64 on the right and
    # below, multiplied with RS of the encoder's last map.
    small = cv2.resize(image, (40, 30))[..., ::-1].astype(np.float32)
    inputs = np.zeros((32, 64, 3), np.float32)
    inputs[:30, :40] = (small - 127.5) / 127.5
    inputs = torch.from_numpy(inputs).permute(2, 0, 1)[None]
    with torch.no_grad():
        last = model.backbone(inputs)[-1]
        mixed = (inputs * model.neck.reshape(last))[0, :, :30, :40]
    wanted = cv2.resize(
        largest_component(mixed.numpy())[..., ::-1],
        (WIDTH, HEIGHT),
        interpolation=cv2.INTER_NEAREST,
    )
    np.testing.assert_allclose(
        panel(picture, 0, 1).astype(int), wanted.astype(int), atol=1
    )
    with torch.no_grad():
        logits = model.predict(inputs)[0].seg_logits.data[:, :30, :40]
    labels = torch.nn.functional.interpolate(
        logits[None], (HEIGHT, WIDTH), mode='bilinear'
    ).argmax(1)[0]
    colours = np.array(META['palette'])[labels][..., ::-1]
    same = (panel(picture, 0, 2) == colours).all(axis=-1)
    assert same.mean() > 0.99  # ties at the borders aside

    said = capsys.readouterr().out
    assert 'one: red, green, blue' in said
    assert 'two: red' not in said  # principal components have no shares


def test_a_single_image(tmp_path, images, run):
    model, _ = write_model(tmp_path, 'stem')
    run(
        *(images / 'a.png', '--out-dir', tmp_path / 'out'),
        *('--device', 'cpu', '--model', 'xNet', *model),
    )
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['a.png']


def test_a_model_that_mixes_nothing(tmp_path, images, run):
    model, _ = write_model(tmp_path, None)
    with pytest.raises(SystemExit, match=r'None\.py has no mixed .*mix=None'):
        run(
            *(images, '--out-dir', tmp_path / 'out', '--model', 'x', *model),
        )
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('mix', ['image', 'stem'])
def test_images_that_are_none(tmp_path, images, run, mix):
    (images / '0.png').write_text('no image')
    whole = (images / 'a.png').read_bytes()
    (images / 'cut.png').write_bytes(whole[: len(whole) // 2])
    model, _ = write_model(tmp_path, mix)
    wanted = r'(?s)Skipped:\n[^\n]*0\.png: unread.*\n[^\n]*cut\.png: .*cut sh'
    with pytest.raises(SystemExit, match=wanted):
        run(
            *(images, '--out-dir', tmp_path / 'out', '--device', 'cpu'),
            *('--model', 'x', *model),
        )
    names = sorted(p.name for p in (tmp_path / 'out').rglob('*.png'))
    assert names == ['a.png', 'b.png']


def test_pictures_do_not_replace_images(tmp_path, images, run):
    model, _ = write_model(tmp_path, 'image')
    for source in (images, images / 'a.png'):
        with pytest.raises(SystemExit, match='lies there, and would be overw'):
            run(source, '--out-dir', images, '--model', 'x', *model)
