"""tools/predict_exported.py where nothing is installed, and its parts."""

import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmseg.registry import MODELS
from PIL import Image
from tool_runs import run_tool
from torch import nn

from xnet_mm.fileio.output_names import output_names
from xnet_mm.prediction.predictor import Predictor

REPO = Path(__file__).resolve().parents[2]
CAMVID = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
HOLOLENS = (
    'hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
)
# All that onnxruntime itself imports, and Pillow.
ENOUGH = ('numpy', 'onnxruntime', 'PIL', 'flatbuffers', 'google', 'packaging')


def write_checkpoint(path, config):
    """Of random weights that are not alike everywhere."""
    cfg = Config.fromfile(REPO / 'configs' / config)
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    for parameter in model.neck.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, 0.5, 0.2)
    nn.init.normal_(model.decode_head.conv_seg.weight, std=0.2)
    if config is CAMVID:  # all classes in one picture
        image = torch.rand(1, 3, 192, 256) * 4 - 2
        with torch.no_grad():
            logits = model.eval()(image, mode='tensor')
        model.decode_head.conv_seg.bias.data = -logits.mean((0, 2, 3))
    meta = dict(
        classes=[f'class {i}' for i in range(12)],
        palette=[[20 * i, 255 - 20 * i, 7 * i] for i in range(12)],
    )
    state = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=meta))
    torch.save(state, path)
    return cfg


def stripped(folder):
    """A Python that has onnxruntime, numpy, Pillow, and no PyTorch."""
    folder.mkdir()
    for name in ENOUGH:
        spec = find_spec(name)
        if spec is None:
            continue
        for place in spec.submodule_search_locations:
            source = Path(place)
            (folder / name).symlink_to(source)
            for libraries in source.parent.glob(f'{name.lower()}*.libs'):
                (folder / libraries.name).symlink_to(libraries)
    for libraries in Path(find_spec('PIL').origin).parents[1].glob('*.libs'):
        if not (folder / libraries.name).exists():
            (folder / libraries.name).symlink_to(libraries)

    def run(*args):
        return subprocess.run(
            [sys.executable, '-S', *map(str, args)],
            env=dict(PYTHONPATH=str(folder), OMP_NUM_THREADS='1'),
            cwd=folder,
            capture_output=True,
            text=True,
        )

    for module in ('torch', 'mmengine', 'mmseg', 'timm', 'cv2'):
        assert 'ModuleNotFoundError' in run('-c', f'import {module}').stderr
    return run


def write_image(path, size):
    rows, columns = np.mgrid[: size[0], : size[1]]
    image = np.stack([rows % 256, columns % 256, rows * columns // 99 % 256])
    cv2.imwrite(str(path), image.transpose(1, 2, 0).astype(np.uint8))
    return path


@pytest.mark.parametrize(
    'config', [CAMVID, pytest.param(HOLOLENS, marks=pytest.mark.heavy)]
)
def test_an_exported_file_predicts_where_nothing_is_installed(
    tmp_path, monkeypatch, config
):
    checkpoint, file = tmp_path / 'a.pth', tmp_path / 'a.onnx'
    cfg = write_checkpoint(checkpoint, config)
    run_tool(
        monkeypatch, 'export.py', REPO / 'configs' / config, checkpoint, file
    )
    # The size of the test pipeline, so that nothing is re-sized before.
    image = write_image(tmp_path / 'x.png', (192, 256))
    (tmp_path / 'broken.png').write_bytes(b'no image')
    (tmp_path / 'cut.png').write_bytes(image.read_bytes()[:999])
    (tmp_path / 'folder.png').mkdir()
    bad = [tmp_path / f'{n}.png' for n in ('broken', 'cut', 'folder', 'gone')]
    run = stripped(tmp_path / 'env')
    tool = tmp_path / 'predict_exported.py'  # on its own
    tool.write_text((REPO / 'tools' / tool.name).read_text())
    done = run(
        *(tool, file, *bad[:2], image, *bad[2:]),
        *('--out-dir', tmp_path / 'out'),
    )
    assert done.returncode == 1, done.stderr
    title, *lines = done.stderr.splitlines()[-5:]
    assert title == 'Skipped:'
    for path, line in zip(bad, lines, strict=True):
        assert line.startswith(f'  {path}: '), done.stderr
    assert lines[2].endswith(': a folder; give its images: folder.png/*.jpg')
    cfg.model.test_cfg.flip = 'none'
    result = Predictor(cfg, str(checkpoint), 'cpu')([cv2.imread(str(image))])[
        0
    ]
    out = tmp_path / 'out'
    rgb = np.asarray(Image.open(image))
    if config is CAMVID:
        labels = np.asarray(Image.open(out / 'labels/x.png'))
        wanted = result.pred_sem_seg.data[0].numpy()
        assert len(np.unique(wanted)) > 1
        assert (labels == wanted).mean() > 0.999  # near ties
        overlay = np.asarray(Image.open(out / 'overlays/x.png'))
        palette = np.array([[20 * i, 255 - 20 * i, 7 * i] for i in range(12)])
        mean = (rgb.astype(int) + palette[labels] + 1) // 2
        np.testing.assert_array_equal(overlay, mean)
    else:
        depth = np.asarray(Image.open(out / 'depth/x.png'))
        wanted = result.pred_depth_map.data[0].numpy()
        assert np.ptp(wanted) > 0.1
        assert depth.dtype == np.uint16
        np.testing.assert_allclose(depth / 1000, wanted, atol=2e-3)
        picture = np.asarray(Image.open(out / 'pictures/x.png'))
        np.testing.assert_array_equal(picture[:, :256], rgb)
        assert len(np.unique(picture[:, 256:].reshape(-1, 3), axis=0)) > 5
    other = write_image(tmp_path / 'y.png', (150, 231))
    done = run(tool, file, other, '--out-dir', out)
    assert done.returncode == 0, done.stderr
    folder = 'labels' if config is CAMVID else 'depth'
    assert Image.open(out / folder / 'y.png').size == (231, 150)
    shown = 'overlays' if config is CAMVID else 'pictures'
    inputs = out / shown / 'y.png'
    before = inputs.read_bytes()
    done = run(tool, file, inputs, '--out-dir', out)
    assert 'y.png would be overwritten: change --out-dir' in done.stderr
    assert done.returncode and inputs.read_bytes() == before
    done = run(tool, image, image)
    assert 'is not an ONNX file' in done.stderr


@pytest.fixture
def tool():
    return runpy.run_path(str(REPO / 'tools/predict_exported.py'))


@pytest.mark.parametrize('size', [(31, 80), (17, 9), (48, 23)])
def test_resize_is_pytorchs(tool, size):
    planes = torch.rand(3, 31, 40)
    wanted = F.interpolate(planes[None], size, mode='bilinear')[0]
    ours = tool['resize'](planes.numpy(), size)
    np.testing.assert_allclose(ours, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ('facts', 'wanted'),
    [
        (dict(size=[96, 128]), (96, 128)),
        (dict(size=None, size_divisor=1), (427, 640)),
        (dict(size=None, size_divisor=32), (416, 640)),
        (
            dict(size=None, size_divisor=1, scale=[99, 50], keep_ratio=False),
            (50, 99),
        ),
        # mmcv: the long side at most 2048, the short one at most 512
        (
            dict(
                size=None, size_divisor=1, scale=[2048, 512], keep_ratio=True
            ),
            (512, 767),
        ),
    ],
)
def test_images_come_at_the_size_of_the_test_pipeline(tool, facts, wanted):
    assert tool['input_size']((427, 640), facts) == wanted


def test_one_logit_means_two_classes(tool):
    logits = np.array([[[-2.0, -0.5, 3.0]]])  # 0.12, 0.38, 0.95
    classes = tool['classes_of'](logits, dict(threshold=0.3))
    np.testing.assert_array_equal(classes, [[0, 1, 1]])


@pytest.mark.parametrize(
    ('ids', 'dtype', 'wanted'),
    [
        (dict(), 'u1', [0, 1, 2]),  # an older file
        (dict(ids=[1, 2, 3]), 'u1', [1, 2, 3]),
        (dict(ids=[7, 0, 255]), 'u1', [7, 0, 255]),
        (dict(ids=[7, 0, 256]), 'u2', [7, 0, 256]),
    ],
)
def test_labels_are_the_ids_of_the_files(tool, ids, dtype, wanted):
    palette = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9]])
    labels = np.array([[0, 1, 2], [2, 2, 0]])
    logits = np.eye(3)[labels].transpose(2, 0, 1)
    written = tool['segmentation_pictures'](
        np.ones((2, 3, 3), np.uint8),
        logits,
        None,
        dict(palette=palette.tolist(), **ids),
    )
    assert written['labels'].dtype == dtype
    np.testing.assert_array_equal(written['labels'], np.array(wanted)[labels])
    overlay = (1 + palette[labels] + 1) // 2  # by class
    np.testing.assert_array_equal(written['overlays'], overlay)


@pytest.mark.parametrize(
    'images',
    [
        ['a/0.jpg'],
        ['a/0.jpg', 'b/0.jpg', 'b/1.jpg', 'a/0.jpg'],
        ['a/0.jpg', 'a/0.png', 'a/0.jpg.png', './a/0.png'],
        ['a/x.y.jpg', '../0.jpg'],
    ],
)
def test_outputs_are_called_as_those_of_the_other_tools(tool, images):
    ours = output_names(images)
    theirs = tool['output_names']([*map(Path, images)])
    assert theirs == {path.absolute().resolve(): n for path, n in ours.items()}
    assert len({*theirs.values()}) == len(theirs)


def test_a_file_of_another_program_is_refused(tool, tmp_path):
    from onnx import TensorProto, helper, save

    value = helper.make_tensor_value_info('image', TensorProto.FLOAT, [1])
    other = helper.make_tensor_value_info('other', TensorProto.FLOAT, [1])
    node = helper.make_node('Identity', ['image'], ['other'])
    graph = helper.make_graph([node], 'g', [value], [other])
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8
    )
    save(made, tmp_path / 'a.onnx')
    with pytest.raises(SystemExit, match=r'not written by tools/export\.py'):
        tool['Model'](tmp_path / 'a.onnx')
