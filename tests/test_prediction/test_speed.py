"""Predicting a folder is measured on what it says."""

import cv2
import numpy as np
import pytest
import tiny
from mmengine.config import Config
from rich.console import Console
from tiny_depth import write_run

from xnet_mm.prediction import speed
from xnet_mm.prediction.files import PictureFiles
from xnet_mm.prediction.predictor import Predictor
from xnet_mm.prediction.speed import (
    SIZES,
    Predicting,
    report_predicting,
    time_predicting,
    write_images,
)


@pytest.fixture
def small(monkeypatch):
    sizes = [(32, 48), (40, 48), (48, 64), (48, 80), (64, 64)]
    monkeypatch.setattr(speed, 'SIZES', sizes)
    return sizes


def test_sizes_are_those_of_the_title():
    megapixels = [round(h * w / 1e6) for h, w in SIZES]
    assert megapixels == [1, 2, 4, 8, 12]


def test_images_come_in_turn(tmp_path, small):
    paths = write_images(tmp_path, 7)
    assert paths == sorted(tmp_path.iterdir())
    found = [cv2.imread(str(path)).shape[:2] for path in paths]
    assert found == [*small, *small[:2]]
    assert paths[5].read_bytes() == paths[0].read_bytes()


def test_what_it_comes_to():
    # Twice as slow from the third on, as where another program runs.
    stages = np.array([1, 1, 2])[:, None] * [0.1, 0.2, 0.1]
    blocks, busy = np.array([0.25, 0.3]), np.array([0.8, 0.7])
    memory = [(5, 900.4), (10, 901.0)]
    found = Predicting('one', 10, stages, blocks, busy, memory)
    assert found.title == (
        'one: 10 images, the model is at work 75 % of the time (70 to 80 %); '
        'most memory, MiB: 900 after 5, 901 after 10'
    )
    assert found._replace(memory=[]).title.endswith('(70 to 80 %)')
    assert found.rows() == [
        ('decode and prepare', '10.00', '25 %'),
        ('model', '5.00', '50 %'),
        ('write', '10.00', '25 %'),
        ('all three in turn', '2.50', '100 %'),
        ('predict.py', '3.64', '69 %'),
    ]


def test_time_within_the_model(tmp_path, small, monkeypatch):
    """By a clock that the model alone moves, and then the writer alone."""
    config, checkpoint = write_run(tmp_path / 'depth')
    predictor = Predictor(Config.fromfile(config), str(checkpoint), 'cpu')
    paths = write_images(tmp_path, 5)
    now = [0.0]
    monkeypatch.setattr(speed.time, 'perf_counter', lambda: now[0])
    original = Predictor.predict

    def slow(self, *args):
        now[0] += 3
        return original(self, *args)

    class Writer:
        def write(self, name, image, result):
            return image

        def close(self):
            now[0] += 5

    monkeypatch.setattr(Predictor, 'predict', slow)
    opened = Writer(), PictureFiles(tmp_path / 'out')
    seconds, busy = speed._time_block(predictor, paths, lambda _: opened)
    assert (seconds, busy) == (4, 0.75)  # 15 of 20 seconds, 5 images


def test_classes_and_depth(tmp_path, small, capsys):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=2)
    classes = tiny.write_tiny_config(tmp_path / 'classes.py', root)
    depth, _ = write_run(tmp_path / 'depth')
    configs = {path.stem: Config.fromfile(path) for path in (classes, depth)}
    report = report_predicting(configs, 33, 'cpu', tmp_path, Console())
    text = report.read_text()
    for name in ('classes', 'depth'):
        assert f'## {name}: 25 images, ' in text
    assert text.count('| predict.py | ') == 2
    assert text.count(' after 5, ') == text.count(' after 25') == 2
    assert 'decode and prepare' in capsys.readouterr().out


def test_too_few(tmp_path, small):
    with pytest.raises(ValueError, match='24 images to predict, wanted 25 or'):
        time_predicting('one', Config(), 24, 'cpu')
