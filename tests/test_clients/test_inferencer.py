"""MMSegInferencer with the shipped configs: what it shows and saves."""

import cv2
import numpy as np
import pytest
import torch
from config_files import CONFIGS, LEAVES, load
from doc_examples import example_with
from mmengine.registry import init_default_scope
from mmseg.apis import MMSegInferencer, inference_model, init_model
from mmseg.registry import DATASETS, MODELS
from tiny_clients import columns, is_depth, with_known_model, write_image
from tiny_depth import depth_of

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

CAMVID = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
HOLOLENS = (
    'hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
)
SCENES = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth-192x256.py'
# The first config of each data set and size.
KINDS = {leaf.stem.rpartition('_')[2]: leaf for leaf in reversed(LEAVES)}
KINDS = sorted(leaf.relative_to(CONFIGS).as_posix() for leaf in KINDS.values())


def make(cfg, weights, **options):
    return MMSegInferencer(cfg, weights, device='cpu', **options)


def make_known(config, folder):
    return make(*with_known_model(config, folder))


def panel(picture, number, height, width):
    left = number * (width + GAP)
    return picture[ROW : ROW + height, left : left + width]


@pytest.fixture(scope='module')
def small(tmp_path_factory):
    """A real model of random weights: config's name -> (path, checkpoint)."""
    init_default_scope('mmseg')
    found = {}
    for name in (CAMVID, HOLOLENS):
        cfg = load(name)
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        meta = DATASETS.get(cfg.test_dataloader.dataset.type).METAINFO
        path = tmp_path_factory.mktemp('small') / 'model.pth'
        torch.save(
            dict(state_dict=model.state_dict(), meta=dict(dataset_meta=meta)),
            path,
        )
        found[name] = str(CONFIGS / name), str(path)
    return found


@pytest.mark.parametrize('config', KINDS)
def test_every_kind_of_config(config, tmp_path):
    cfg = load(config)
    size = (375, 1240) if 'kitti' in config else (60, 80)
    image, labels = columns(*size)
    path = write_image(tmp_path / 'image.png', image)
    inferencer = make_known(cfg, tmp_path)
    results = inferencer(path, out_dir=str(tmp_path / 'out'), return_vis=True)
    found, picture = results['predictions'], results['visualization']
    (saved,) = (tmp_path / 'out/vis').iterdir()
    assert np.array_equal(cv2.imread(str(saved))[..., ::-1], picture)
    (kept,) = (tmp_path / 'out/pred').iterdir()
    # Resized and back, the edges between the bars are blurred.
    inner = np.ones(size, bool)
    for edge in range(bar := size[1] // 4, size[1], bar):
        inner[:, edge - 2 : edge + 2] = False
    if 'kitti' in config:  # as KBCrop has it: below, in the middle
        image, inner = image[23:, 12:-12], inner[23:, 12:-12]
    if is_depth(cfg):
        wanted = depth_of(image)
        np.testing.assert_allclose(found[inner], wanted[inner], atol=1e-5)
        np.testing.assert_array_equal(np.load(kept), found)
        colours = colour_depth(found, 0, cfg.max_depth)
    else:
        assert np.array_equal(found[inner], labels[inner])
        assert np.array_equal(cv2.imread(str(kept), -1), found)
        meta = DATASETS.get(cfg.test_dataloader.dataset.type).METAINFO
        colours = np.array(meta['palette'])[found]
    height, width = image.shape[:2]
    if width <= 800:  # wider ones are shrunk
        assert np.array_equal(
            panel(picture, 0, height, width), image[..., ::-1]
        )
        assert np.array_equal(panel(picture, 1, height, width), colours)
    else:
        assert picture.shape[1] == 2 * 800 + GAP


@pytest.mark.parametrize('config', [CAMVID, HOLOLENS])
def test_a_real_model_by_path(config, small, tmp_path):
    path = write_image(tmp_path / 'image.png', columns(96, 128)[0])
    found = make(*small[config])(path)['predictions']
    model = init_model(*small[config], device='cpu')
    key = 'pred_depth_map' if config == HOLOLENS else 'pred_sem_seg'
    wanted = inference_model(model, path).get(key).data[0].numpy()
    assert np.array_equal(found, wanted)
    assert len(np.unique(found)) > 1


def test_by_the_name_of_our_metafile(small, tmp_path):
    path = write_image(tmp_path / 'image.png', columns(96, 128)[0])
    wanted = make(*small[CAMVID])(path)['predictions']
    name = CONFIGS.joinpath(CAMVID).stem
    inferencer = make(name, small[CAMVID][1], scope='xnet_mm')
    assert np.array_equal(inferencer(path)['predictions'], wanted)
    message = 'none are published: pass weights=CHECKPOINT'
    with pytest.raises(FileNotFoundError, match=message):
        make(name, None, scope='xnet_mm')


@pytest.mark.parametrize('config', [CAMVID, SCENES])
def test_files_arrays_and_folders_are_shown_alike(config, tmp_path):
    images = [columns(48, 64)[0], columns(48, 64, (5, 1))[0]]
    paths = [
        write_image(tmp_path / 'in' / f'{i}.png', image)
        for i, image in enumerate(images)
    ]
    inferencer = make_known(config, tmp_path)
    wanted = [inferencer(path, return_vis=True) for path in paths]
    for inputs in (paths, images, str(tmp_path / 'in')):
        found = inferencer(inputs, batch_size=2, return_vis=True)
        pairs = [
            *zip(found['visualization'], found['predictions'], strict=True)
        ]
        if (
            isinstance(inputs, str)
            and pairs[0][1][0, 0] != wanted[0]['predictions'][0, 0]
        ):  # folders come in any order
            pairs.reverse()
        for (picture, prediction), one in zip(pairs, wanted, strict=True):
            assert np.array_equal(picture, one['visualization'])
            assert np.array_equal(prediction, one['predictions'])
    samples = inferencer(paths, return_datasamples=True)
    assert [sample.img_path for sample in samples] == paths


def test_equal_names_of_two_folders_stay_apart(tmp_path):
    paths = [
        write_image(tmp_path / name / 'a.png', columns(48, 64, classes)[0])
        for name, classes in (('x', (0, 3)), ('y', (5, 1)))
    ]
    inferencer = make_known(CAMVID, tmp_path)
    for _ in range(2):  # the second time overwrites the first's
        found = inferencer(
            paths, out_dir=str(tmp_path / 'out'), return_vis=True
        )
        for name, picture in zip(
            ('a.png', 'a-1.png'), found['visualization'], strict=True
        ):
            saved = cv2.imread(str(tmp_path / 'out/vis' / name))
            assert np.array_equal(saved[..., ::-1], picture)
    assert len([*(tmp_path / 'out/vis').iterdir()]) == 2


def test_what_our_reader_refuses_is_refused(tmp_path):
    deep = np.full((48, 64), 900, np.uint16)
    path = write_image(tmp_path / 'deep.png', deep)
    with pytest.raises(ValueError, match=r'deep\.png: its 16-bit values end'):
        make_known(CAMVID, tmp_path)(path)


def test_the_legend_can_be_left_out(tmp_path):
    inferencer = make_known(CAMVID, tmp_path)
    image = columns(48, 64)[0]
    whole, bare = (
        inferencer(image, return_vis=True, with_labels=with_labels)
        for with_labels in (True, False)
    )
    bare = bare['visualization']
    assert bare.shape == (ROW + 48, 2 * 64 + GAP, 3)
    assert np.array_equal(whole['visualization'][: len(bare), :136], bare)


def test_as_the_page_says(tmp_path):
    config, checkpoint = with_known_model(CAMVID, tmp_path)
    config.dump(tmp_path / 'config.py')
    image, labels = columns(288, 384)
    names = dict(
        config=str(tmp_path / 'config.py'),
        checkpoint=checkpoint,
        picture=write_image(tmp_path / 'a.png', image),
        out_dir=str(tmp_path / 'out'),
    )
    exec(example_with('MMSegInferencer'), names)
    assert np.array_equal(names['found']['predictions'], labels)
    assert (tmp_path / 'out/vis/a.png').is_file()
