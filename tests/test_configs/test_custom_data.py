"""A user's own data, as the documentation's example has it."""

import re
from pathlib import Path

import pytest
from config_files import CONFIGS
from doc_examples import example_with
from mmengine.config import Config
from mmengine.runner import Runner
from tiny_layouts import write_pair
from tiny_training import shrink


def test_documented_example(tmp_path, monkeypatch):
    example = example_with("data/mine',\n            metainfo=")
    assert len(example.strip().splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    for split in ('train', 'val'):
        for i in range(4):
            write_pair(
                f'data/mine/images/{split}/{i}.jpg',
                f'data/mine/labels/{split}/{i}.png',
                ids=[0, 1, 2, 255],
                seed=i,
            )
    (base,) = re.findall(r"_base_ = '(.*)'", example)
    # The example lies in a folder of its own under configs/.
    path = (CONFIGS / 'mine' / base).resolve()
    Path('mine.py').write_text(example.replace(base, str(path)))

    def runner():
        cfg = Config.fromfile('mine.py')
        return Runner.from_cfg(shrink(cfg, tmp_path / 'run', (64, 64)))

    run = runner()
    assert run.model.decode_head.num_classes == 3
    run.train()
    assert run.iter == 2
    assert run.val_dataloader.dataset.metainfo['classes'] == (
        'road',
        'grass',
        'other',
    )

    run = runner()
    run.model.num_classes = 2
    with pytest.raises(ValueError, match=r'num_classes=2.*3 classes .road, '):
        run.train()
    assert run.iter == 0

    write_pair('x.jpg', 'data/mine/labels/val/2.png', ids=[3])
    run = runner()
    with pytest.raises(ValueError, match=r'val/2\.png: holds id 3, but 3 cl'):
        run.train()
    assert run.iter == 0
