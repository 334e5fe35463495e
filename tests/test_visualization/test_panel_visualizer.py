"""What becomes of a drawn picture: names, files, windows."""

from itertools import count

import cv2
import numpy as np
import pytest
from mmseg.structures import SegDataSample

from xnet_mm.visualization.panel_visualizer import PanelVisualizer

NUMBERS = count()
IMAGE = np.full((8, 9, 3), (1, 2, 3), np.uint8)


class Plain(PanelVisualizer):
    """Draws the image and notes what it was asked for."""

    def draw_panels(self, image, data_sample, *wanted):
        self.asked = data_sample, *wanted
        return image + np.uint8(1)


def make_visualizer(kind=Plain, **kwargs):
    name = f'panels {next(NUMBERS)}'  # MMEngine keeps one of each name
    return kind(name=name, **kwargs)


def test_files_of_one_name_do_not_overwrite(tmp_path):
    visualizer = make_visualizer(
        vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )
    for step in (1, 2, 2):
        visualizer.add_datasample('test_a.jpg', IMAGE, step=step)
    folder = tmp_path / 'vis_data' / 'vis_image'
    assert visualizer.picture_dir == str(folder)
    names = sorted(p.name for p in folder.iterdir())
    assert names == ['test_a-1_2.png', 'test_a_1.png', 'test_a_2.png']
    picture = cv2.imread(str(folder / 'test_a_1.png'))[..., ::-1]
    assert np.array_equal(picture, IMAGE + 1)  # RGB, as it was drawn


def test_a_number_does_not_take_the_name_of_another(tmp_path):
    visualizer = make_visualizer(
        vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )
    for i, name in enumerate(['a.jpg', 'a.png', 'a-1.jpg', 'b/a.jpg']):
        visualizer.add_datasample(name, IMAGE + np.uint8(i), step=3)
    pictures = (tmp_path / 'vis_data' / 'vis_image').iterdir()
    values = {p.name: cv2.imread(str(p))[0, 0, 2] for p in pictures}
    assert values == {
        'a_3.png': 2,
        'a-1_3.png': 3,
        'a-1-1_3.png': 4,
        'a-2_3.png': 5,
    }


def test_a_file_of_its_own(tmp_path):
    visualizer = make_visualizer()
    for name, suffix in (('a.png', '.png'), ('b.bmp', '.bmp'), ('c', '.png')):
        out_file = tmp_path / 'x' / name
        visualizer.add_datasample('a', IMAGE, out_file=str(out_file))
        data = np.frombuffer(out_file.read_bytes(), np.uint8)
        assert cv2.imdecode(data, 1)[0, 0].tolist() == [4, 3, 2]
        kind = cv2.imencode(suffix, IMAGE)[1].tobytes()[:2]
        assert data[:2].tobytes() == kind
    assert visualizer.picture_dir is None  # no backend writes to the disk


def test_the_window_shows_what_was_drawn(monkeypatch, tmp_path):
    visualizer, shown, sample = make_visualizer(), [], SegDataSample()
    monkeypatch.setattr(
        visualizer, 'show', lambda picture, **how: shown.append((picture, how))
    )
    visualizer.add_datasample(
        *('a', IMAGE, sample),
        draw_gt=False,
        show=True,
        wait_time=0.5,
        out_file=str(tmp_path / 'a.png'),
    )
    ((picture, how),) = shown
    assert np.array_equal(picture, IMAGE + 1)
    assert how == dict(win_name='a', wait_time=0.5)
    assert visualizer.asked == (sample, False, True, True)


def test_subclasses_say_what_is_drawn():
    with pytest.raises(NotImplementedError):
        make_visualizer(PanelVisualizer).draw_panels(IMAGE, None)
