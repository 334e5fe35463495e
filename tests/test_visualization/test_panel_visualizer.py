"""What becomes of a drawn picture: names, files, windows."""

from itertools import count

import cv2
import numpy as np
import pytest
import torch
from channel_files import noise
from mmengine.structures import PixelData
from mmengine.visualization import BaseVisBackend, MLflowVisBackend
from mmseg.structures import SegDataSample

from xnet_mm.visualization.panel_visualizer import (
    PanelVisualizer,
    as_bytes,
    plane,
)

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


def test_pictures_of_other_images_are_not_overwritten(tmp_path):
    visualizer, out_file = make_visualizer(), str(tmp_path / 'a.png')
    for value, path in enumerate(['x/a.png', 'y/a.png', 'x/a.png']):
        sample = SegDataSample(metainfo=dict(img_path=path))
        image = IMAGE + np.uint8(10 * value)
        visualizer.add_datasample('a', image, sample, out_file=out_file)
    values = {p.name: cv2.imread(str(p))[0, 0, 2] for p in tmp_path.iterdir()}
    assert values == {'a.png': 22, 'a-1.png': 12}


def test_a_kind_of_file_that_cannot_be_written(tmp_path):
    out_file = str(tmp_path / 'a.mpo')
    make_visualizer().add_datasample('a', IMAGE, out_file=out_file)
    (file,) = tmp_path.iterdir()
    assert file.name == 'a.mpo.png'
    assert cv2.imread(str(file))[0, 0].tolist() == [4, 3, 2]


def test_the_picture_stays_for_whoever_asks():
    visualizer = make_visualizer()
    visualizer.add_datasample('a', IMAGE, with_labels=False)
    assert np.array_equal(visualizer.get_image(), IMAGE + 1)
    assert visualizer.asked == (None, True, True, False)
    visualizer.set_image(IMAGE)
    assert np.array_equal(visualizer.get_image(), IMAGE)


def test_arrays_of_the_inferencer_are_bgr():
    visualizer = make_visualizer()
    sample = SegDataSample(metainfo=dict(img_path=None))
    visualizer.add_datasample('00000012_vis.jpg', IMAGE, sample)
    assert visualizer.get_image()[0, 0].tolist() == [4, 3, 2]
    sample = SegDataSample(metainfo=dict(img_path='00000012_vis.jpg'))
    visualizer.add_datasample('00000012_vis.jpg', IMAGE, sample)
    assert visualizer.get_image()[0, 0].tolist() == [2, 3, 4]


def test_classes_and_colours():
    visualizer = make_visualizer()
    assert visualizer.dataset_meta == {}  # not those of Cityscapes
    visualizer.set_dataset_meta(['a'], [[1, 2, 3]])
    wanted = dict(classes=['a'], palette=[[1, 2, 3]])
    assert visualizer.dataset_meta == wanted
    visualizer.set_dataset_meta(None, None)
    assert visualizer.dataset_meta == wanted
    visualizer = make_visualizer(classes=['b'], palette=[[4, 5, 6]])
    assert visualizer.dataset_meta['classes'] == ['b']
    visualizer = make_visualizer(dataset_name='cityscapes')
    assert len(visualizer.dataset_meta['classes']) == 19
    assert len(visualizer.dataset_meta['palette']) == 19


class Backend(BaseVisBackend):
    """Notes the names of pictures."""

    def __init__(self, *_, **__):
        self.names = []

    experiment = None

    def _init_env(self):
        pass

    def add_image(self, name, image, step=0, **_):
        self.names.append((name, step))


def test_mlflow_gets_the_name_of_a_file():
    class Files(Backend, MLflowVisBackend):
        pass

    for kind, name in ((Files, 'val_a_7.png'), (Backend, 'val_a')):
        visualizer = make_visualizer()
        visualizer._vis_backends = dict(one=kind())
        visualizer.add_datasample('val_a.jpg', IMAGE, step=7)
        assert visualizer._vis_backends['one'].names == [(name, 7)]


def test_images_and_maps_of_other_types():
    image = np.array([[[-1.0, 0.5, 254.6], [300, 2.4, 7]]])
    np.testing.assert_array_equal(
        as_bytes(image), [[[0, 0, 255], [255, 2, 7]]]
    )
    assert as_bytes(IMAGE) is IMAGE
    wanted = [[1, 2], [3, 4]]
    for data in (
        torch.tensor([wanted]),
        torch.tensor(wanted),
        torch.tensor([wanted], dtype=torch.bfloat16),
        np.array([wanted]),
    ):
        np.testing.assert_array_equal(plane(PixelData(data=data)), wanted)


def test_channels_and_values_that_are_no_colours():
    """As MMSegmentation's browse_dataset hands them on: what was loaded."""
    five = noise(5, 'uint8')
    np.testing.assert_array_equal(as_bytes(five), five[..., :3])
    grey = as_bytes(five[..., :2])
    np.testing.assert_array_equal(grey, five[..., [0, 0, 0]])
    np.testing.assert_array_equal(as_bytes(five[..., 0]), grey)
    deep = noise(3).astype(np.float32)
    low, high = np.percentile(deep, (2, 98), axis=(0, 1))
    wanted = (255 * (deep - low) / (high - low)).clip(0, 255)
    np.testing.assert_allclose(as_bytes(deep), wanted, atol=0.51)
