"""Depth maps as files of a test: values, names, what does not fit."""

import cv2
import numpy as np
import pytest
import torch

from xnet_mm.evaluation.depth_files import DepthFiles


@pytest.fixture
def printed(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'xnet_mm.evaluation.depth_files.print_log',
        lambda text, **_: lines.append(text),
    )
    return lines


def test_values_and_names(tmp_path, printed):
    files = DepthFiles(tmp_path / 'out', None)
    paths = ['/data/a/0.jpg', '/data/b/0.jpg', '/data/b/0.png']
    for metres, path in enumerate(paths, 1):
        depth = torch.full((2, 3), metres + 0.0004)
        assert files.add(path, depth, 10.0) == 0
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['unnamed']
    files.name_all([*paths, paths[0]], 10.0, 0)
    found = {
        p.relative_to(tmp_path / 'out').as_posix(): cv2.imread(str(p), -1)
        for p in (tmp_path / 'out').rglob('*.png')
    }
    assert found.keys() == {'a/0.png', 'b/0.jpg.png', 'b/0.png.png'}
    for metres, name in enumerate(sorted(found), 1):
        wanted = np.full((2, 3), 1000 * metres, np.uint16)
        np.testing.assert_array_equal(found[name], wanted)
        assert found[name].dtype == np.uint16
    assert not (tmp_path / 'out/unnamed').exists()
    assert printed == [
        f'Depth maps: 3 in {tmp_path / "out"}, 16-bit PNG, 1000 per metre'
    ]


@pytest.mark.parametrize(
    ('scale', 'max_depth', 'units'),
    [
        (None, 10.0, 1000),
        (None, None, 1000),
        (None, 65.5, 1000),
        (None, 80.0, 256),
        (None, 200.0, 256),
        (100.0, 80.0, 100),
    ],
)
def test_scale(scale, max_depth, units, tmp_path):
    assert DepthFiles(tmp_path, scale).scale_for(max_depth) == units


def test_wrong_scales(tmp_path):
    with pytest.raises(ValueError, match='depth_scale'):
        DepthFiles(tmp_path, -1.0)
    message = r'depth_scale .* 1e\+06 does not fit max_depth 10 m'
    with pytest.raises(ValueError, match=message):
        DepthFiles(tmp_path, 1e6).add('a.png', torch.ones(2, 3), 10.0)


def test_what_does_not_fit_is_said(tmp_path, printed):
    files = DepthFiles(tmp_path, 1000.0)
    depth = torch.tensor([[70.0, 1.0, 66.0]])
    clipped = files.add('x/a.png', depth, 80.0)
    files.name_all(['x/a.png'], 80.0, clipped)
    assert '2 pixels did not fit into 0.001 to 65.535 m' in printed[0]
    found = cv2.imread(str(tmp_path / 'a.png'), -1)
    np.testing.assert_array_equal(found, [[65535, 1000, 65535]])


def test_nan_is_refused(tmp_path):
    depth = torch.tensor([[1.0, float('nan')]])
    with pytest.raises(ValueError, match=r'a\.png.*NaN'):
        DepthFiles(tmp_path, None).add('a.png', depth, 10.0)
    assert not [*tmp_path.iterdir()]
