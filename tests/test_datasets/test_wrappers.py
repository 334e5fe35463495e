"""What wrappers hold, in order."""

from mmengine.dataset import ConcatDataset, RepeatDataset
from mmseg.datasets import MultiImageMixDataset
from seg_pairs import build, make_pairs

from xnet_mm.datasets.wrappers import innermost


def test_wrappers_of_wrappers(tmp_path):
    a, b, c = (build(make_pairs(tmp_path / name)) for name in 'abc')
    assert innermost(a) == [a]
    joined = MultiImageMixDataset(ConcatDataset([b, c]), [])
    assert innermost(joined) == [b, c]
    assert innermost(RepeatDataset(a, 2)) == [a]
