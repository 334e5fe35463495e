"""tools/test.py with a depth model, from the outside."""

import cv2
import numpy as np
import pytest
from tiny_depth import depth_of, make_image, write_run

from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW


@pytest.mark.parametrize('tta', [(), ('--tta',)])
def test_test_writes_metric_depth_pictures(tmp_path, run, capfd, tta):
    config, checkpoint = write_run(tmp_path / f'test{len(tta)}')
    out, show = tmp_path / 'out', tmp_path / 'show'
    run(
        *('test.py', config, checkpoint, '--work-dir', tmp_path / 'work'),
        *('--out', out, '--show-dir', show, '--depth-scale', 5000, *tta),
    )
    printed = ''.join(capfd.readouterr())
    # Every prediction is 5/4 of the truth, up to the truth's rounding.
    assert 'abs_rel: 0.25' in printed
    assert f'Predictions: {out}' in printed
    names = {'a/0', 'a/1', 'b/0', 'b/1'}
    found = {str(p.relative_to(out).with_suffix('')) for p in out.rglob('*.*')}
    assert found == names
    for i, name in enumerate(sorted(names)):
        depth = read_depth(out / f'{name}.png', 5000)
        expected = depth_of(make_image(seed=i))
        assert np.abs(depth - expected).max() <= 0.5 / 5000 + 1e-6
    files = sorted((show / 'vis_data' / 'vis_image').iterdir())
    pictures = [cv2.imread(str(file))[ROW:] for file in files]
    assert len(pictures) == 4
    image = make_image(seed=0)
    # The names, hence their order, are the hook's: the stacks differ.
    (picture,) = [p for p in pictures if np.array_equal(p[:48, :64], image)]
    panels = [picture[:, i * (64 + GAP) :][:48, :64] for i in range(4)]
    shown = colour_depth(depth_of(image), 0, 10)[..., ::-1]
    assert np.abs(panels[2].astype(int) - shown).max() <= 3  # TTA rounds
