"""MMSegmentation's two browse_dataset.py: pictures of what is trained on."""

import cv2
import numpy as np
import pytest
from config_files import CONFIGS, load
from real_data import REAL, needs_real
from tiny_clients import columns, run_mmseg, write_image

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

SCRIPTS = ['analysis_tools/browse_dataset.py', 'misc/browse_dataset.py']
PALETTE = [[10 * i, 255 - 10 * i, 7] for i in range(6)]
DATA = """
_base_ = [{runtime!r}]
train_dataloader = dict(batch_size=1, dataset=dict(
    type={kind!r}, data_root={root!r}, img_suffix='.png', {more}
    pipeline=[dict(type='xnet_mm.LoadImage'), *{pipeline!r}]))
"""
SEGMENTATION = dict(
    kind='xnet_mm.FolderSegDataset',
    more="data_prefix=dict(img_path='rgb', seg_map_path='truth'), "
    f"metainfo=dict(classes=[*'abcdef'], palette={PALETTE}),",
    pipeline=[
        dict(type='xnet_mm.LoadLabels'),
        dict(type='RandomFlip', prob=1.0),
        dict(type='PackSegInputs'),
    ],
)
DEPTH = dict(
    kind='xnet_mm.DepthDataset',
    more="data_prefix=dict(img_path='rgb', depth_path='truth'), "
    'metainfo=dict(max_depth=8.0),',
    pipeline=[
        dict(type='xnet_mm.LoadDepth'),
        dict(type='xnet_mm.DepthRandomFlip', prob=1.0),
        dict(type='xnet_mm.DepthColorAug', prob=0.0),
        dict(type='xnet_mm.PackDepthInputs'),
    ],
)


def browse(script, config, out, monkeypatch, *options):
    """Run a script; RGB pictures by name."""
    run_mmseg(
        monkeypatch,
        script,
        *(config, '--output-dir', out, '--not-show', *options),
    )
    return {p.name: cv2.imread(str(p))[..., ::-1] for p in out.rglob('*.??g')}


@pytest.mark.parametrize('script', SCRIPTS)
@pytest.mark.parametrize('task', ['default', 'depth'])
def test_pictures(task, script, tmp_path, monkeypatch):
    chosen = {'a/0': (4, 3), 'a/1': (5, 1), 'b/0': (2, 4)}
    for name, classes in chosen.items():
        image, labels = columns(48, 64, classes)
        truth = labels.astype(np.uint8)
        if task == 'depth':  # one metre a class
            truth = (labels * 1000).astype(np.uint16)
        write_image(tmp_path / 'rgb' / f'{name}.png', image)
        write_image(tmp_path / 'truth' / f'{name}.png', truth)
    config = tmp_path / 'config.py'
    config.write_text(
        DATA.format(
            runtime=str(CONFIGS / '_base_' / f'{task}_runtime.py'),
            root=str(tmp_path),
            **(DEPTH if task == 'depth' else SEGMENTATION),
        )
    )
    found = browse(script, config, tmp_path / 'out', monkeypatch)
    names = ['0.png', '0-1.png', '1.png']
    if script.startswith('misc'):  # the backend adds its step
        names = [name.replace('.', '_0.') for name in names]
    assert found.keys() == {*names}
    pairs = dict(zip(('a/0', 'b/0', 'a/1'), names, strict=True))
    for name, file in pairs.items():
        image, labels = (
            part[:, ::-1] for part in columns(48, 64, chosen[name])
        )
        left, right = (
            found[file][ROW : ROW + 48, start : start + 64]
            for start in (0, 64 + GAP)
        )
        assert np.array_equal(left, image[..., ::-1])
        colours = np.array(PALETTE)[labels]
        if task == 'depth':
            colours = colour_depth(labels.astype(np.float32), 0, 8)
        assert np.array_equal(right, colours)


@needs_real('camvid')
@pytest.mark.parametrize('script', SCRIPTS)
@pytest.mark.parametrize('data', ['camvid', 'hololens'])
def test_shipped_configs(data, script, tmp_path, monkeypatch):
    monkeypatch.setenv('XNET_MM_DATA', str(REAL))
    (leaf,) = (CONFIGS / data).glob('xnet_effnet-lite0_effnet-lite0_*.py')
    found = browse(
        script,
        leaf,
        tmp_path,
        monkeypatch,
        *('--cfg-options', 'train_dataloader.dataset.indices=2'),
    )
    assert len(found) == 2
    height, width = load(f'{data}/{leaf.name}').crop_size
    for picture in found.values():
        # A crop of what was made small is smaller.
        assert 100 < (picture.shape[1] - GAP) / 2 <= width
        assert ROW + 100 < picture.shape[0] < ROW + height + 3 * ROW
