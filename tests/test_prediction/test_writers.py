"""The writer that fits what a model predicts."""

from pathlib import Path

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.depth import DepthWriter
from xnet_mm.prediction.files import LabelWriter, SeveralWriters
from xnet_mm.prediction.writers import Facts, writer_for

FACTS = Facts(dict(classes=['a'], palette=[[1, 2, 3]]), 'a.pth', 9.0, True)


def sample(*keys):
    data = PixelData(data=torch.zeros(1, 2, 2))
    return SegDataSample(**dict.fromkeys(keys, data))


@pytest.mark.parametrize(
    ('keys', 'kind'),
    [
        (['pred_sem_seg'], LabelWriter),
        (['pred_depth_map'], DepthWriter),
        (['pred_depth_map', 'pred_sem_seg'], SeveralWriters),
    ],
)
def test_by_what_is_predicted(keys, kind):
    assert type(writer_for(Path('o'), sample(*keys), FACTS, 9.0)) is kind


def test_options_are_handed_on():
    both = sample('pred_depth_map', 'pred_sem_seg')
    found = writer_for(Path('o'), both, FACTS, 9.0, 0.25, npy=True, scale=256)
    labels, depth = found.writers
    assert labels.opacity == 0.25
    assert (depth.npy, depth.scale, depth.max_depth) == (True, 256, 9.0)


def test_neither():
    message = r"a\.pth predicts neither classes nor depth, but \['other'\]"
    with pytest.raises(ValueError, match=message):
        writer_for(Path('o'), sample('other'), FACTS, None)
