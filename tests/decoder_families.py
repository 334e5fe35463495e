"""The decoder families: one small model of each, by its config."""

import pytest
from tiny_boxes import SWIN

TIMM_FAMILIES = {
    'convnext': 'convnext_atto',
    'convnextv2': 'convnextv2_atto',
    'swin': SWIN,
    'swinv2': dict(SWIN, model_name='swinv2_tiny_window8_256'),
    'resnet': 'resnet18',
    'efficientnet': 'efficientnet_b0',
    'efficientnet-lite': 'tf_efficientnet_lite0',
    # No code of ours knows these three: whatever timm can split works.
    'regnet, stem of stride 2': 'regnetx_002',
    'hgnet, stem of another width': 'hgnetv2_b0',
    'pvt, mixed layouts': 'pvt_v2_b0',
}
MMPRETRAIN = dict(type='mmpretrain.ConvNeXt', arch='atto')
MMPRETRAIN_FAMILIES = {
    'mmpretrain convnext': MMPRETRAIN,
    'mmpretrain convnextv2': dict(
        MMPRETRAIN, use_grn=True, layer_scale_init_value=0.0
    ),
}
FAMILIES = {**TIMM_FAMILIES, **MMPRETRAIN_FAMILIES}


def family(families):
    """Run a test for each of them, as its `config`."""
    return pytest.mark.parametrize(
        'config', families.values(), ids=families.keys()
    )
