"""Whole evaluations: the figures of a test by config, and what is written."""

import csv
import hashlib
import json

import cv2
import numpy as np
import pytest
import torch
from judged import (
    card_of,
    judge,
    millimetres,
    named,
    save,
    save_scenes,
    scene,
    size_of,
)

from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.evaluation import DepthBoundaryMetric, DepthProtocolMetric
from xnet_mm.evaluation.depth_alignment import ALIGNMENTS
from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.judge.depth_files import Units

SUN = ['kv1/NYUdata/a', 'kv1/b3do/b', 'xtion/c']


def of_metric(maps, protocol, **options):
    """What a test by config computes, of the same arrays."""
    metric = DepthProtocolMetric(protocol, **options)
    edges = DepthBoundaryMetric()
    for name, (pred, gt) in maps.items():
        sample = dict(
            img_path=f'{name}.jpg',
            pred_depth_map=dict(data=torch.from_numpy(pred)[None]),
            gt_depth_map=dict(data=torch.from_numpy(gt)[None]),
        )
        metric.process({}, [sample])
        edges.process({}, [sample])
    return metric.evaluate(len(maps)), edges.evaluate(len(maps))


@pytest.mark.parametrize('name', sorted(PROTOCOLS))
def test_npy_has_every_digit_of_the_metric(tmp_path, name):
    size = size_of(name)
    maps = {n: scene(i, size, 12.0) for i, n in enumerate(SUN)}
    maps['xtion/none'] = (maps['xtion/c'][0], np.zeros(size, np.float32))
    save_scenes(tmp_path, maps)
    figures = judge(tmp_path, name)
    wanted, edges = of_metric(maps, name)
    assert figures.metric == wanted
    assert figures.images == (2 if 'without' in name else 3)
    written = card_of(tmp_path)['figures']
    assert written['metric'] == wanted
    known = {k: v for k, v in written['boundary'].items() if v is not None}
    with_truth = {k: v for k, v in edges.items() if v == v}
    if name != 'sun_rgbd_without_nyu':  # which knows what it leaves out
        assert known == with_truth


@pytest.mark.parametrize('clamp', [None, False])
def test_custom_protocol_has_every_digit_of_the_metric(tmp_path, clamp):
    options = dict(
        min_depth=0.7, max_depth=6.5, crop=(3, 50, 7, 80), clamp=clamp
    )
    maps = {n: scene(i, (60, 90)) for i, n in enumerate('abc')}
    save_scenes(tmp_path, maps)
    figures = judge(tmp_path, named('custom', **options))
    assert figures.metric == of_metric(maps, 'custom', **options)[0]


def test_png_has_the_figures_of_what_it_holds(tmp_path):
    maps = {n: scene(i, (60, 90)) for i, n in enumerate('abc')}
    save_scenes(tmp_path, maps, '.png')
    held = {
        name: tuple(
            read_depth(tmp_path / side / f'{name}.png', 1000) for side in 'pt'
        )
        for name in maps
    }
    assert judge(tmp_path, 'ddad').metric == of_metric(held, 'ddad')[0]
    assert of_metric(held, 'ddad')[0] != of_metric(maps, 'ddad')[0]


def test_figures_do_not_hang_on_scale_or_format(tmp_path):
    """Quarters of a metre are exact in all of them."""
    rng = np.random.default_rng(0)
    gt = rng.integers(0, 36, (40, 50)) / 4
    pred = rng.integers(1, 40, (40, 50)) / 4
    found = []
    for i, (suffix, unit, kind) in enumerate(
        [
            ('.npy', 1, np.float64),
            ('.npy', 1, np.float16),
            ('.npy', 4, np.int32),
            ('.png', 4, np.uint16),
            ('.tif', 1, np.float32),
            ('.tiff', 256, np.uint16),
        ]
    ):
        root = tmp_path / str(i)
        save(root / f'p/x{suffix}', (pred * unit).astype(kind))
        save(root / 't/x.npy', gt.astype(np.float32))
        units = (Units(scale=float(unit)), None)
        found.append(judge(root, 'ddad', units).metric)
    assert found == found[:1] * len(found)


def test_rescaled_predictions_have_the_aligned_figures_of_the_exact(tmp_path):
    roots = [tmp_path / n for n in ('exact', 'twice', 'moved')]
    changes = [lambda d: d, lambda d: 2 * d, lambda d: 0.5 * d + 0.3]
    found = []
    for root, change in zip(roots, changes, strict=True):
        maps = {n: scene(i, (480, 640)) for i, n in enumerate('ab')}
        maps = {
            n: (change(p).astype(np.float32), g) for n, (p, g) in maps.items()
        }
        save_scenes(root, maps)
        found.append(judge(root, 'nyu_eigen'))
    exact, twice, moved = found
    assert twice.aligned == exact.aligned
    assert moved.aligned['scale_shift'] == pytest.approx(
        exact.aligned['scale_shift'], rel=1e-6
    )
    assert twice.metric['abs_rel'] > 3 * exact.metric['abs_rel']
    assert twice.ratio == exact.ratio / 2


def test_what_is_written(tmp_path, capsys):
    maps = {n: scene(i, (60, 90)) for i, n in enumerate(('a', 'b/c', 'd'))}
    maps['d'] = (maps['d'][0], np.zeros_like(maps['d'][1]))
    save_scenes(tmp_path, maps)
    save(tmp_path / 'p/notes.txt.png', millimetres(maps['a'][0]))
    (tmp_path / 'p/log.json').write_text('{}')
    figures = judge(tmp_path, 'ddad', allow_missing=True)
    said = capsys.readouterr().out
    assert 'left out: 1, no valid pixel' in said
    assert 'p: 1 files with .json are no maps' in said
    assert '1 file left out:' in said
    assert f'{tmp_path}/p/notes.txt.png: no truth of this name' in said
    card = card_of(tmp_path)
    assert card['task'] == 'depth'
    assert card['protocol']['name'] == 'ddad'
    assert card['protocol']['clamp'] == [1e-3, 200]
    assert card['protocol']['max_depth'] == 200
    assert card['left_out'] == [
        dict(file=f'{tmp_path}/p/notes.txt.png', why='no truth of this name'),
        dict(
            file=f'{tmp_path}/p/d.npy',
            why='no valid pixel: all ground truth is 0 = none',
        ),
    ]
    assert {*card['versions']} > {'xnet_mm', 'torch', 'opencv'}
    for side in 'pt':
        lines = ''.join(
            f'{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}.npy\n'
            for name in sorted(maps)
            for path in [tmp_path / side / f'{name}.npy']
        )
        wanted = hashlib.sha256(lines.encode()).hexdigest()
        key = dict(p='predictions', t='truth')[side]
        assert card[key]['sha256'] == wanted
        assert card[key]['files'] == 3
    rows = [*csv.DictReader((tmp_path / 'out/images.csv').open())]
    assert [row['name'] for row in rows] == ['a', 'b/c', 'd']
    assert rows[2]['left_out'] == 'no valid pixel' and not rows[2]['d1']
    for key in ('abs_rel', 'd1'):
        mean = (float(rows[0][key]) + float(rows[1][key])) / 2
        assert mean == figures.metric[key]
        for alignment in ALIGNMENTS:
            column = [float(r[f'{alignment}_{key}']) for r in rows[:2]]
            assert sum(column) / 2 == figures.aligned[alignment][key]
    picture = cv2.imread(str(tmp_path / 'out/worst.png'))
    assert picture.std() > 10
    assert not [*(tmp_path / 'out').glob('*.tmp')]


def test_infinity_is_null_in_the_card(tmp_path):
    maps = dict(a=scene(0, (60, 90)))
    save_scenes(tmp_path, maps)
    judge(tmp_path, 'kitti_official')
    text = (tmp_path / 'out/card.json').read_text()
    card = json.loads(text, parse_constant=pytest.fail)
    assert card['protocol']['max_depth'] is None
    assert card['protocol_in_words'][0] == 'pixels: 0 < ground truth m'
    assert card['alignment']['clamp'] == [1 / 256, 65535 / 256]


def test_two_runs_write_the_same(tmp_path):
    save_scenes(tmp_path, {n: scene(i, (60, 90)) for i, n in enumerate('ab')})
    written = []
    for workers in (1, 3):
        judge(tmp_path, 'ddad', workers=workers)
        written.append(
            [p.read_bytes() for p in sorted((tmp_path / 'out').iterdir())]
        )
    assert written[0] == written[1] and len(written[0]) == 3


def test_missing_partners_end_it_before_anything_is_judged(tmp_path):
    save_scenes(tmp_path, {n: scene(i, (60, 90)) for i, n in enumerate('ab')})
    (tmp_path / 'p/b.npy').rename(tmp_path / 'p/z.npy')
    with pytest.raises(ValueError, match='2 files without a partner') as error:
        judge(tmp_path, 'ddad')
    text = str(error.value)
    assert f'{tmp_path}/p/z.npy: no truth of this name' in text
    assert f'{tmp_path}/t/b.npy: no prediction' in text
    assert 'by --allow-missing' in text
    assert not (tmp_path / 'out').exists()


def test_files_that_cannot_be_judged_are_all_named(tmp_path):
    maps = {n: scene(i, (60, 90)) for i, n in enumerate('abc')}
    maps['a'][0][3, 4] = np.nan
    save_scenes(tmp_path, maps)
    (tmp_path / 't/b.npy').write_bytes(b'junk')
    with pytest.raises(ValueError, match='2 files that cannot') as error:
        judge(tmp_path, 'ddad')
    assert f'{tmp_path}/p/a.npy: 1 of 5400 predicted' in str(error.value)
    assert f'{tmp_path}/t/b.npy: unreadable depth (' in str(error.value)
    figures = judge(tmp_path, 'ddad', allow_missing=True)
    assert figures.metric == of_metric(dict(c=maps['c']), 'ddad')[0]
    assert [e['file'] for e in card_of(tmp_path)['left_out']] == [
        *(f'{tmp_path}/p/a.npy', f'{tmp_path}/t/b.npy')
    ]
    (tmp_path / 'p/c.npy').unlink()
    with pytest.raises(ValueError, match='2 files that cannot be judged:'):
        judge(tmp_path, 'ddad', allow_missing=True)


def test_no_image_that_counts(tmp_path):
    pred, gt = scene(0, (60, 90))
    save_scenes(tmp_path, dict(a=(pred, gt * 1000)))
    with pytest.raises(
        ValueError,
        match=r'no image to judge of 1: the first, .*a.npy, is left out \(no '
        r'valid pixel: its ground truth is 5\d\d..1.* m; if that is wrong',
    ):
        judge(tmp_path, 'ddad')
