"""Tiles of a model put together: against sums over whole images."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from shared_models import KINDS, load_pair, picture

from xnet_mm.fileio.rasters import ArrayRows
from xnet_mm.prediction.strips import LONGEST, Reduced, Strip, Tiler
from xnet_mm.prediction.tiling import spans

TILE = 64


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    return {kind: load_pair(folder / kind, kind) for kind in KINDS}


def tiler_of(model, tile=TILE):
    return Tiler(model.predictor, model.cfg, tile, gives_logits=True)


class CountedRows(ArrayRows):
    """Rows that remember what was read."""

    def __init__(self, image):
        super().__init__(image)
        self.read = []

    def rows(self, top, bottom):
        self.read.append((top, bottom))
        return super().rows(top, bottom)


def slow(model, image):
    """Probabilities, then depth, of all tiles weighed and summed: (K,H,W)."""
    total = 0
    for row in spans(image.shape[0], TILE):
        for column in spans(image.shape[1], TILE):
            part = image[row.start : row.stop, column.start : column.stop]
            result = model(np.ascontiguousarray(part))
            parts = []
            if 'seg_logits' in result._sample:
                parts.append(result.probabilities())
            if 'pred_depth_map' in result._sample:
                parts.append(result.depth[None])
            weights = torch.zeros(image.shape[:2])
            weights[
                row.first : row.last + row.after,
                column.first : column.last + column.after,
            ] = row.weights()[:, None] * column.weights()
            whole = np.zeros((sum(map(len, parts)), *image.shape[:2]))
            whole[:, row.start : row.stop, column.start : column.stop] = (
                np.concatenate(parts)
            )
            total = total + whole * weights.numpy()
    return total


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('size', [(48, 40), (64, 150), (130, 100), (200, 64)])
def test_strips_are_the_weighed_sum_of_tiles(models, kind, size):
    image = picture(*size)
    tiler = tiler_of(models[kind])
    reader = CountedRows(np.ascontiguousarray(image[..., ::-1]))
    classes = [2, 0] if tiler.has_classes else []
    strips = [*tiler.strips(reader, 'a', classes)]
    assert len(strips) == tiler.count_strips(size)
    wanted = slow(models[kind], image)
    shown = np.concatenate([strip.image for strip in strips])
    np.testing.assert_array_equal(shown[..., ::-1], image)
    found = {
        key: np.concatenate([strip.maps[key] for strip in strips])
        for key in strips[0].maps
    }
    if tiler.has_classes:
        scores = np.concatenate([s.scores for s in strips], axis=1)
        np.testing.assert_allclose(scores, wanted[[2, 0]], atol=1e-5)
        np.testing.assert_allclose(
            found['confidence'], wanted[:3].max(0), atol=1e-5
        )
        sure = np.sort(wanted[:3], axis=0)[-2:]
        sure = sure[1] - sure[0] > 1e-4
        assert sure.mean() > 0.9
        np.testing.assert_array_equal(
            found['labels'][sure], wanted[:3].argmax(0)[sure]
        )
        assert found['labels'].dtype == np.uint8
    if tiler.has_depth:
        np.testing.assert_allclose(found['depth'], wanted[-1], rtol=1e-5)
    # Each row once, from top to bottom.
    rows = [row for top, bottom in reader.read for row in range(top, bottom)]
    assert rows == [*range(size[0])]
    assert max(bottom - top for top, bottom in reader.read) <= TILE


def test_one_channel_has_its_threshold(tmp_path):
    head = load_pair(tmp_path, 'segmentation').cfg.model.decode_head
    model = load_pair(
        tmp_path,
        'segmentation',
        meta=dict(classes=('no', 'yes'), palette=[[0, 0, 0], [9, 9, 9]]),
        decode_head={
            **head,
            'num_classes': 2,
            'out_channels': 1,
            'threshold': 0.45,
            'loss_decode': dict(type='CrossEntropyLoss', use_sigmoid=True),
        },
    )
    image = picture(60, 60)
    whole = model(image)
    (strip,) = tiler_of(model).strips(
        ArrayRows(np.ascontiguousarray(image[..., ::-1])), 'a', [1]
    )
    assert 0 < whole.labels.mean() < 1
    np.testing.assert_array_equal(strip.maps['labels'], whole.labels)
    np.testing.assert_array_equal(strip.maps['confidence'], whole.confidence)


@pytest.mark.parametrize('tile', [0, 63, 8193, 64.5, '64', True])
def test_no_such_tile(models, tile):
    with pytest.raises(ValueError, match=r'tile=.*wanted a number of pixels'):
        tiler_of(models['depth'], tile)


def test_a_pipeline_that_crops(tmp_path):
    model = load_pair(tmp_path, 'depth', steps=[dict(type='xnet_mm.KBCrop')])
    image = picture(400, 1300)
    tiler = tiler_of(model, 1500)
    with pytest.raises(ValueError, match='pipeline crops, and its model'):
        [*tiler.strips(ArrayRows(image), 'a', [])]


@pytest.mark.parametrize('cuts', [[0, 9], [0, 1, 5, 6, 9], [0, 4, 8, 9]])
def test_an_image_made_smaller(monkeypatch, cuts):
    """By hand: steps of 3 over 9 x 12 pixels, in strips of any height."""
    monkeypatch.setattr('xnet_mm.prediction.strips.LONGEST', 4)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (9, 12, 3), np.uint8)
    labels = rng.integers(0, 5, (9, 12), np.uint8)
    depth = rng.random((9, 12), np.float32)
    reduced = Reduced((9, 12))
    for top, bottom in pairwise(cuts):
        maps = dict(labels=labels[top:bottom], depth=depth[top:bottom])
        scores = np.empty((0, bottom - top, 12))
        reduced.add(Strip(top, image[top:bottom], scores, maps))
    small, sample = reduced.result()
    means = image.reshape(3, 3, 4, 3, 3).mean((1, 3))
    np.testing.assert_allclose(small, means, atol=0.51)
    found = sample.pred_sem_seg.data[0].numpy()
    np.testing.assert_array_equal(found, labels[1::3, 1::3])
    np.testing.assert_array_equal(
        sample.pred_depth_map.data[0].numpy(), depth[1::3, 1::3]
    )


def test_a_small_image_stays_as_it_is():
    image = picture(50, 70)
    reduced = Reduced((50, 70))
    assert reduced.step == 1 and Reduced((LONGEST + 1, 9)).step == 2
    maps = dict(labels=np.zeros((50, 70), np.uint8))
    reduced.add(Strip(0, image, np.empty((0, 50, 70)), maps))
    np.testing.assert_array_equal(reduced.result()[0], image)


def test_what_is_kept_of_strips_does_not_keep_them():
    """4,000 rows of 4,000 pixels leave 2,000 rows of 2,000 at the most."""
    reduced = Reduced((4000, 4000))
    assert reduced.step == 2
    image = np.zeros((100, 4000, 3), np.uint8)
    tracemalloc.start()
    try:
        for top in range(0, 4000, 100):
            # As of a Tiler: maps that are parts of one array.
            found = np.zeros((3, 100, 4000), np.float32)
            maps = dict(confidence=found[1], depth=found[2])
            reduced.add(Strip(top, image, found[:1], maps))
            del found, maps
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Two maps of float32 and three bytes a pixel, and what waits.
    assert kept < 2000 * 2000 * (2 * 4 + 3) + 2 * image.nbytes
