"""One model, four ways to label maps, and the ids of the user's files."""

import cv2
import numpy as np
import pytest
import tiny
from tool_runs import run_tool

from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.visualization import SegPanelVisualizer

NEW = {  # classes and ids that the files have instead of 0, 1, 2
    'reduce_zero_label=True': (('a', 'b', 'c'), (1, 2, 3)),
    "type='xnet_mm.ScenesDataset'": (
        (CLASSES[7], CLASSES[2], CLASSES[4]),
        (7, 2, 4),
    ),
}


def write_data(root, ids):
    """`write_tiny_seg` with these ids for the classes 0, 1 and 2."""
    tiny.write_tiny_seg(root)
    table = np.full(256, 255, np.uint8)
    table[:3] = ids
    for path in (root / 'labels').iterdir():
        cv2.imwrite(str(path), table[cv2.imread(str(path), -1)])


def maps_below(folder):
    return {p.name: cv2.imread(str(p), -1) for p in folder.rglob('*.png')}


@pytest.mark.parametrize(
    'option',
    [
        name if i else pytest.param(name, marks=pytest.mark.heavy)
        for i, name in enumerate(NEW)
    ],
)
def test_all_tools_write_the_same_ids(tmp_path, monkeypatch, option):
    classes, ids = NEW[option]
    write_data(tmp_path / 'data', ids)
    config = tiny.write_tiny_config(
        *(tmp_path / 'own.py', tmp_path / 'data'),
        iters=30,
        interval=30,
        dropout=0.0,
        extra=f"""
for loader in (train_dataloader, val_dataloader, test_dataloader):
    loader['dataset'].update(
        dict(type='xnet_mm.FolderSegDataset') | dict({option}),
        metainfo=dict(classes={classes!r}))
model['decode_head']['norm_cfg'] = None
""",
    )

    def run(tool, *args):
        SegPanelVisualizer._instance_dict.clear()
        run_tool(monkeypatch, tool, *args)

    monkeypatch.setenv('LOCAL_RANK', '0')
    work = tmp_path / 'work'
    run('train.py', config, '--work-dir', work)
    model = (config, work / 'iter_30.pth')
    tested, predicted = tmp_path / 'tested', tmp_path / 'predicted'
    run('test.py', *model, '--work-dir', work, '--out', tested)
    images = tmp_path / 'data/images'
    run('predict.py', *model, images, '--out-dir', predicted)
    maps = maps_below(tested)
    assert {*np.unique([*maps.values()])} == {*ids}
    for name, predicted_map in maps_below(predicted / 'labels').items():
        np.testing.assert_array_equal(predicted_map, maps[name])
    truth = maps_below(tmp_path / 'data/labels')
    right = [(maps[name] == truth[name]).mean() for name in maps]
    assert np.mean(right) > 0.5  # a third by chance, less with wrong ids
    exported, file = tmp_path / 'exported', tmp_path / 'a.onnx'
    run('export.py', *model, file, '--size', '48x64')
    with pytest.raises(SystemExit) as end:
        run(
            'predict_exported.py',
            *(file, *images.iterdir(), '--out-dir', exported),
        )
    assert not end.value.code
    for name, exported_map in maps_below(exported / 'labels').items():
        assert (exported_map == maps[name]).mean() > 0.999
    assert len(maps_below(exported / 'labels')) == len(maps) == 6
