"""Parameters and multiply-accumulates: by hand, and of every config."""

import pytest
import torch
from metafiles import ENTRIES, ROOT, entry_of
from mmengine.config import Config
from torch import nn

from xnet_mm.benchmark.complexity import count_config, count_model

SMALL = [
    'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py',
    'baselines/hololens/upernet_effnet-lite0_1xb4-2k_hololens-192x256.py',
    'baselines/hololens/dpt_effnet-lite0_1xb4-2k_hololens-192x256.py',
]


class Tiny(nn.Module):
    """One of each that counts: 8 x 12 pixels become 4 x 6 tokens of 4."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 12)
        self.frozen = nn.Parameter(torch.zeros(7), requires_grad=False)
        self.auxiliary_head = nn.Conv2d(4, 100, 1)

    def encode_decode(self, image, metas):
        assert [m['img_shape'] for m in metas] == [image.shape[2:]]
        x = self.norm(self.depthwise(self.conv(image)))
        if self.auxiliary_head is not None:
            x = x + self.auxiliary_head(x)[:, :4]
        q, k, v = self.linear(x.flatten(2).mT).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v)


def test_count_of_a_model_worked_by_hand():
    # conv 4*3*9, depthwise 4*9 + 4, norm 2*4, linear 4*12 + 12, frozen 7.
    parameters = 108 + 40 + 8 + 60 + 7
    # For each of 24 tokens: conv 108, depthwise 36, linear 48, attention
    # twice 24 * 4.
    macs = 24 * (108 + 36 + 48 + 2 * 24 * 4)
    assert count_model(Tiny(), (8, 12)) == (parameters, macs)


def check_count(entry):
    parameters, macs = count_config(Config.fromfile(ROOT / entry['Config']))
    data = entry['Metadata']
    assert data['Parameters (M)'] == round(parameters / 1e6, 2)
    assert data['GMACs'] == round(macs / 1e9, 2)


@pytest.mark.parametrize('config', SMALL)
def test_small_configs_cost_what_their_metafile_says(config):
    check_count(entry_of(config))


@pytest.mark.heavy
@pytest.mark.parametrize(
    'entry',
    [
        e
        for e in ENTRIES
        if e['Config'].removeprefix('configs/') not in SMALL
        and 'GMACs' in e['Metadata']
    ],
    ids=lambda entry: entry['Name'],
)
def test_configs_cost_what_their_metafile_says(entry):
    check_count(entry)


@pytest.mark.parametrize(
    'name, parameters, gmacs',
    [
        # Counted by the same counter with MMSegmentation's own configs, their
        # auxiliary heads (1.8 M, 2.4 M of ConvNeXt-XL) among the parameters.
        ('upernet_swin-l_8xb2-160k_ade20k-512x512', 234.0 - 1.8, 419),
        ('upernet_convnext-l_8xb2-160k_ade20k-640x640', 235.0 - 1.8, 614),
        ('upernet_convnext-xl_8xb2-160k_ade20k-640x640', 391.1 - 2.4, 834),
    ],
)
def test_peers_cost_what_is_known(name, parameters, gmacs):
    (data,) = [e['Metadata'] for e in ENTRIES if e['Name'] == name]
    assert data['Parameters (M)'] == pytest.approx(parameters, abs=0.2)
    assert data['GMACs'] == pytest.approx(gmacs, abs=1)
