"""Pictures of the validation data, where it is known and there."""

import pickle
from pathlib import Path

import pytest
from shared_models import picture, save_picture

from xnet_mm.app.examples import find_examples


def folder_of(root, count):
    for i in range(count):
        save_picture(root / 'images/val' / f'{i:02}.jpg', picture(seed=i))
    return dict(
        type='xnet_mm.CamVidDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images/val', seg_map_path='labels/val'),
        img_suffix='.jpg',
        pipeline=[dict(type='no.such.Transform')],
    )


def names(dataset, key='val_dataloader'):
    return [p.name for p in find_examples({key: dict(dataset=dataset)})]


def test_they_are_spread_over_the_split(tmp_path):
    dataset = folder_of(tmp_path, 11)
    wanted = [f'{i:02}.jpg' for i in (0, 2, 4, 6, 8, 10)]
    assert names(dataset) == wanted
    assert names(dataset, 'test_dataloader') == wanted
    wrapped = dict(type='ConcatDataset', datasets=[dataset, 'other'])
    assert names(dict(type='RepeatDataset', dataset=wrapped)) == wanted


def test_few_pictures(tmp_path):
    assert names(folder_of(tmp_path, 2)) == ['00.jpg', '01.jpg']


def test_of_a_split_of_depth(tmp_path):
    save_picture(tmp_path / 'rgb/a.png', picture())
    save_picture(tmp_path / 'rgb/b.png', picture())
    (tmp_path / 'val.txt').write_text('rgb/b.png d/b.png\nrgb/c.png d/c.png\n')
    dataset = dict(
        type='xnet_mm.DepthDataset',
        data_root=str(tmp_path),
        ann_file='val.txt',
        intrinsics='no_such.txt',
    )
    assert names(dataset) == ['b.png']  # c is not there


@pytest.mark.parametrize(
    'changes',
    [
        dict(data_root='/no/such/folder'),
        dict(type='no_such_dataset'),
        dict(type='mmengine.dataset.BaseDataset'),
        dict(data_root='http://127.0.0.1:9/x'),
        dict(data_root=7),
    ],
)
def test_none(tmp_path, changes):
    assert names({**folder_of(tmp_path, 2), **changes}) == []


def test_no_data_are_named():
    assert find_examples({}) == []
    assert find_examples(dict(val_dataloader=None)) == []


class Harm:
    def __reduce__(self):
        return Path.touch, (Path('harmed'),)


def test_a_list_that_is_a_pickle_is_not_opened_as_one(tmp_path, monkeypatch):
    """MMEngine's own data sets would."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'list.pkl').write_bytes(pickle.dumps(Harm()))
    for kind in ('BaseSegDataset', 'CamVidDataset', 'BaseDataset'):
        names({**folder_of(tmp_path, 2), 'type': kind, 'ann_file': 'list.pkl'})
    assert not Path('harmed').exists()
