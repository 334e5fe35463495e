"""Position embeddings of pre-trained weights, brought to another img_size.

By timm's own functions, for the families whose filter of checkpoints leaves
them as they are (Hiera, CaiT, VOLO, PiT, Visformer, GCViT, ...).
"""

import math
from typing import Any

from timm.layers import (
    resample_abs_pos_embed,
    resample_abs_pos_embed_nhwc,
    resize_rel_pos_bias_table,
)
from torch import Tensor

State = dict[str, Tensor]


def resample_positions(state: State, model: Any) -> State:
    """Re-sample what is of another size in the model.

    Args:
        state: of a checkpoint, in the names of the model.
        model: timm's, built for the `img_size` that is wanted.

    Returns:
        The state with absolute embeddings (1,N,C), (1,H,W,C) and (1,C,H,W),
        called `pos_embed...`, and tables of relative ones, re-sampled where
        there is a rule. What is left is for `load_state_dict` to refuse.
    """
    state = dict(state)
    for name, wanted in model.state_dict().items():
        found = state.get(name)
        if found is None or found.shape == wanted.shape:
            continue
        parent, _, leaf = name.rpartition('.')
        if leaf == 'relative_position_bias_table':
            window = getattr(model.get_submodule(parent), 'window_size', None)
            if window is not None:
                state[name] = resize_rel_pos_bias_table(
                    found, tuple(window), tuple(wanted.shape)
                )
        elif leaf.startswith('pos_embed') and found.ndim == wanted.ndim:
            state[name] = _resample(found, wanted, model)
    return state


def _resample(found: Tensor, wanted: Tensor, model: Any) -> Tensor:
    """The embedding in the shape of `wanted`, or as it is."""
    size = [*wanted.shape]
    if found.ndim == 3 and found.shape[2] == size[2]:
        grid = _grid(model)
        prefix = size[1] - math.prod(grid) if grid else -1
        side = math.isqrt(max(found.shape[1] - prefix, 0))
        if prefix >= 0 and side**2 == found.shape[1] - prefix:
            return resample_abs_pos_embed(
                found, grid, num_prefix_tokens=prefix
            )
    elif found.ndim == 4 and found.shape[3] == size[3]:
        return resample_abs_pos_embed_nhwc(found, size[1:3])
    elif found.ndim == 4 and found.shape[1] == size[1]:
        channels_last = found.permute(0, 2, 3, 1)
        resampled = resample_abs_pos_embed_nhwc(channels_last, size[2:])
        return resampled.permute(0, 3, 1, 2).contiguous()
    return found


def _grid(model: Any) -> list[int]:
    """Rows and columns of tokens; [] where they are not told."""
    patches = getattr(model, 'patch_embed', None)
    own: Any = getattr(model, 'tokens_spatial_shape', ())
    return [*(getattr(patches, 'grid_size', None) or own)]
