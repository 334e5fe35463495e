"""Label maps: by hand, against MMSegmentation's metric, and hostile files."""

import cv2
import numpy as np
import pytest
import torch
from judged import save
from mmseg.evaluation import IoUMetric
from told import tell

from xnet_mm.evaluation import BoundaryMetric
from xnet_mm.judge.label_judge import (
    judge_label_pair,
    judge_labels,
    read_labels,
    summarize,
)
from xnet_mm.judge.label_space import LabelSpace
from xnet_mm.judge.pairs import Pair

SPACE = LabelSpace(('a', 'b', 'c'), 'c.txt')


def pair(root, name, pred, gt, suffix='.png'):
    def file(side, ids):
        return save(root / side / f'{name}{suffix}', np.array(ids, np.uint8))

    truth = None if gt is None else file('t', gt)
    return Pair(name, file('p', pred), truth)


def verdict(root, pred, gt, name='a'):
    return judge_label_pair(pair(root, name, pred, gt), SPACE)


def test_figures_by_hand(tmp_path):
    """Class a: 2 right of 3 true and 2 predicted; b: 1 of 1 and 2."""
    found = verdict(tmp_path, [[0, 0, 1, 1, 2]], [[0, 0, 0, 1, 255]])
    figures = summarize([found], 3)
    assert figures.confusion.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert figures.pixels == 4
    assert figures.overall['aAcc'] == 75
    assert figures.by_class['IoU'][:2] == pytest.approx([200 / 3, 50])
    assert np.isnan(figures.by_class['IoU'][2])
    assert figures.overall['mIoU'] == pytest.approx((200 / 3 + 50) / 2)
    assert figures.overall['mAcc'] == pytest.approx((200 / 3 + 100) / 2)


def test_as_mmsegmentation_and_boundary_metric(tmp_path):
    rng = np.random.default_rng(0)
    mine, theirs, edges = [], IoUMetric(), BoundaryMetric()
    for metric in (theirs, edges):
        metric.dataset_meta = dict(classes=SPACE.classes)
    for i in range(4):
        gt = np.kron(rng.integers(0, 3, (4, 5)), np.ones((9, 9))).astype(int)
        pred = np.roll(gt, 2, 1)
        gt[rng.random(gt.shape) < 0.1] = 255
        mine.append(verdict(tmp_path, pred, gt, str(i)))
        sample = {
            key: dict(data=torch.from_numpy(ids)[None])
            for key, ids in (('pred_sem_seg', pred), ('gt_sem_seg', gt))
        }
        for metric in (theirs, edges):
            metric.process({}, [sample])
    figures = summarize(mine, 3).overall
    for key, value in theirs.evaluate(4).items():
        assert round(figures[key], 2) == pytest.approx(value, abs=1e-9)
    for key, value in edges.evaluate(4).items():
        assert figures[key] == value


def test_left_out(tmp_path):
    assert verdict(tmp_path, [[0]], None).left_out == 'no ground truth'
    empty = verdict(tmp_path, [[0]], [[255]])
    assert empty.left_out == 'every pixel is ignored'
    with pytest.raises(
        ValueError, match=r'no image to judge of 1: .*\(every pixel is ign'
    ):
        summarize([empty], 3)


def test_predictions_name_a_class_wherever_it_counts(tmp_path):
    fine = verdict(tmp_path, [[0, 255]], [[0, 255]])
    assert summarize([fine], 3).overall['aAcc'] == 100
    with pytest.raises(
        ValueError,
        match=r'p/a.png: 1 pixels that count have no predicted class, but an',
    ):
        verdict(tmp_path, [[0, 255]], [[0, 1]])
    for maps in (([[0, 3]], [[0, 1]]), ([[0, 1]], [[0, 3]])):
        with pytest.raises(ValueError, match=r'a.png: holds id 3, but there'):
            verdict(tmp_path, *maps)


def test_sizes_and_order(tmp_path):
    pairs = [
        pair(tmp_path, 'a', [[0, 1]], [[0, 1]]),
        pair(tmp_path, 'b', [[0, 1]], [[0], [1]]),
        pair(tmp_path, 'c', [[0, 1]], [[1, 1]], '.npy'),
    ]
    verdicts, wrong = judge_labels(pairs, SPACE, workers=2)
    assert [v.pair.name for v in verdicts] == ['a', 'c']
    ((file, why),) = wrong
    assert file == f'{tmp_path}/p/b.png'
    assert why == (
        'the prediction has 1x2 pixels, its truth 2x1 (height x width). '
        'Bring the prediction to the size of the truth, by nearest neighbour'
    )


def test_formats(tmp_path):
    ids = np.array([[0, 1, 2], [255, 0, 1]], np.uint8)
    for name, values in (
        ('a.png', ids),
        ('b.png', ids.astype(np.uint16)),
        ('c.tif', ids),
        ('d.bmp', ids),
        ('e.npy', ids.astype(np.int64)),
        ('f.npy', ids[None]),
    ):
        path = save(tmp_path / name, values)
        assert np.array_equal(read_labels(path, SPACE), ids), name
    np.savez(tmp_path / 'g.npz', labels=ids, other=ids + 1)
    assert np.array_equal(read_labels(tmp_path / 'g.npz', SPACE), ids)


def test_malformed_files(tmp_path):
    grey = np.zeros((9, 9), np.uint8)
    png = cv2.imencode('.png', grey)[1].tobytes()
    tif = cv2.imencode('.tif', grey)[1].tobytes()
    made = {
        'cut.png': (png[:40], 'cut short: this PNG'),
        'junk.png': (b'junk', 'unreadable'),
        'jpeg.png': (cv2.imencode('.jpg', grey)[1], 'a JPEG, which alters'),
        'cut.tif': (tif[:30], 'cut short: this TIFF'),
        'empty.tif': (b'', 'an empty file'),
        'cut.bmp': (cv2.imencode('.bmp', grey)[1][:99], 'unreadable'),
        'empty.bmp': (b'', 'an empty file'),
        'junk.npy': (b'junk', 'unreadable ('),
        'junk.npz': (b'PK\x03\x04junk', 'unreadable ('),
    }
    for name, (data, _) in made.items():
        (tmp_path / name).write_bytes(bytes(data))
    arrays = {
        'float.npy': (np.zeros((2, 2)), 'float64 of shape (2, 2)'),
        'deep.npy': (np.zeros((3, 2, 2), int), 'int64 of shape (3, 2, 2)'),
        'rgb.png': (np.zeros((9, 9, 3), np.uint8), 'of shape (9, 9, 3)'),
    }
    for name, (values, _) in arrays.items():
        save(tmp_path / name, values)
    np.save(tmp_path / 'pickle.npy', np.array([[print]]), allow_pickle=True)
    told = {
        'pickle.npy': 'pickled objects, which could run code',
        'none.npy': 'no such label map',
        **{name: said for name, (_, said) in (made | arrays).items()},
    }
    for name, said in told.items():
        text = tell(read_labels, tmp_path / name, SPACE)
        assert said in text and text.startswith(f'{tmp_path / name}: '), text
