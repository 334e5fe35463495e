"""The leaf beside each of the paper's configs: smooth RS, all else alike."""

import pytest
from config_files import CONFIGS, LEAVES
from mmengine.config import Config
from torch import nn

from xnet_mm.registry import MODELS

# Of Tables 2 to 8; Table 1 is an ablation of the paper's own RS.
PAPER = [
    path
    for path in LEAVES
    if path.name.startswith('xnet_')
    and path.parent.parent == CONFIGS
    and path.parent.name not in ('camvid', 'demo', 'dinov3', 'hololens')
    and not {'accum8', 'fsdp'} & {*path.name.split('-')}
]


@pytest.mark.parametrize('path', PAPER, ids=lambda path: path.name)
def test_only_the_up_sampling_differs(path):
    theirs = Config.fromfile(path).to_dict()
    path = path.with_name(path.name.replace('xnet_', 'xnet-bilinear_'))
    ours = Config.fromfile(path).to_dict()
    for part in ('neck', 'decode_head'):
        assert 'upsample' not in theirs['model'][part]
        assert ours['model'][part].pop('upsample') == 'bilinear'
    assert ours == theirs


def test_there_is_no_other_leaf():
    assert len(PAPER) == 9
    assert len([*CONFIGS.rglob('xnet-bilinear_*.py')]) == 9


@pytest.mark.parametrize(
    ('part', 'where'), [('neck', 'reshape'), ('decode_head', 'pfp.fuse')]
)
def test_the_option_reaches_rs(part, where):
    name = 'xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
    cfg = Config.fromfile(CONFIGS / 'camvid' / name).model
    for upsample in ('shuffle', 'bilinear'):
        cfg[part].upsample = upsample
        reshape = MODELS.build(cfg).get_submodule(f'{part}.{where}')
        shuffles = isinstance(reshape.upsample, nn.PixelShuffle)
        assert shuffles == (upsample == 'shuffle')
