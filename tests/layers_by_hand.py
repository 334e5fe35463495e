"""The layer of each parameter by hand, family by family, for small models."""

import re

from tiny_models import CONVNEXT, SWIN

# Model, sizes of its four stages (of its one stage), and what timm keeps
# weight decay away from although it has two dimensions or more.
FAMILIES = {
    'swin': (SWIN, (2, 2, 2, 2), r'relative_position_bias_table'),
    'swin_v2': (
        dict(SWIN, model_name='swinv2_tiny_window8_256'),
        (2, 2, 2, 2),
        r'cpb_mlp|logit_scale',
    ),
    'convnext': (CONVNEXT, (1, 1, 2, 1), r'nothing'),
    'resnet': (
        dict(model_name='resnet10t', layers=(1, 2, 1, 2)),
        (1, 2, 1, 2),
        r'nothing',
    ),
    'efficientnet': (
        dict(model_name='efficientnet_lite0'),
        (1, 2, 2, 3, 3, 4, 1),
        r'nothing',
    ),
    'vit': (
        dict(
            model_name='vit_small_patch14_reg4_dinov2',
            embed_dim=24,
            depth=4,
            num_heads=2,
        ),
        (4,),
        r'^(pos_embed|cls_token|reg_token)$',
    ),
}
DECODERS = [name for name in FAMILIES if name != 'vit']
STEMS = r'patch_embed|stem|conv1|bn1|conv_stem|pos_embed|cls_token|reg_token'
# Number of the stage and of the block; a down-sampling is at the front.
BLOCKS = (
    r'(?:layers|stages)\.(\d)\.(?:downsample|blocks\.(\d))',
    r'layer(\d)\.(\d)',
    r'blocks\.(\d)\.(\d)',
)


def depth(family, name):
    """0 for the stem, then one more for each block."""
    sizes = FAMILIES[family][1]
    if re.match(STEMS, name):
        return 0
    if family == 'vit':
        found = re.match(r'blocks\.(\d)', name)
        return 1 + int(found[1]) if found else last(family)
    for pattern in BLOCKS:
        found = re.match(pattern, name)
        if found:
            stage = int(found[1]) - name.startswith('layer' + found[1])
            return 1 + sum(sizes[:stage]) + int(found[2] or 0)
    raise AssertionError(name)


def last(family):
    """The layer that nothing follows."""
    return sum(FAMILIES[family][1])


def is_spared(family, name):
    """Whether timm's authors keep weight decay away from it."""
    return bool(re.search(FAMILIES[family][2], name))


def depth_of_large(name):
    """The same for Swin-L and ConvNeXt-L; `None` for norms of the heads."""
    parts = name.split('.')
    sizes = (2, 2, 18, 2) if parts[0] == 'layers' else (3, 3, 27, 3)
    if parts[0] in ('patch_embed', 'stem'):
        return 0
    if parts[0] in ('norm', 'head'):
        return None
    block = int(parts[3]) if parts[2] == 'blocks' else 0
    return 1 + sum(sizes[: int(parts[1])]) + block
