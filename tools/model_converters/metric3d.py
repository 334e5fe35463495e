r"""Take the DINOv2 encoder out of a Metric3Dv2 checkpoint.

Get metric_depth_vit_large_800k.pth from
https://huggingface.co/JUGGHM/Metric3D::

    python tools/model_converters/metric3d.py \
        metric_depth_vit_large_800k.pth metric3d_vit_large.safetensors

The result has timm's names, so that a config can say

    backbone=dict(
        type='xnet_mm.PretrainedEncoder',
        encoder='vit_large_patch14_reg4_dinov2.lvd142m',
        weights='metric3d_vit_large.safetensors',
    )

The encoder is a ViT with four register tokens. What differs from timm's:
the class token has a position embedding of its own there, which is added to
it here; blocks are one list deeper; the depth and normal decoder is left
out. The position embedding is that of 518x518, as timm's: for other sizes
timm interpolates it in each forward pass, and nothing is to be done here.
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a bare clone

import torch
from safetensors.torch import save
from torch import Tensor

from xnet_mm.arguments import out_file
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.atomic import write_atomically
from xnet_mm.models.classifier import build_classifier
from xnet_mm.models.weights import read_state

MODEL = 'vit_large_patch14_reg4_dinov2.lvd142m'
PREFIX = 'depth_model.encoder.'

State = dict[str, Tensor]


def take_encoder(checkpoint: dict) -> State:
    """The encoder's tensors under the names of DINOv2's own code.

    Raises:
        ValueError: none are there.
    """
    state = checkpoint.get('model_state_dict', checkpoint)
    state = {k.removeprefix('module.'): v for k, v in state.items()}
    encoder = {
        key.removeprefix(PREFIX): value
        for key, value in state.items()
        if key.startswith(PREFIX)
    }
    if not encoder:
        raise ValueError(
            f'no {PREFIX}* among its {len(state)} keys '
            f'({", ".join(list(state)[:3])}, ...): not a checkpoint of '
            'Metric3D'
        )
    return encoder


def to_timm(encoder: State) -> State:
    """The same tensors under timm's names; see this file's docstring.

    `cls_token` is (1, 1, C); `pos_embed` is (1, 1 + N, C), of which timm's
    has the last N.

    Raises:
        ValueError: without register tokens, so not a Metric3Dv2 ViT.
    """
    needed = ('cls_token', 'register_tokens', 'pos_embed')
    if lacking := [key for key in needed if key not in encoder]:
        raise ValueError(
            f'its encoder has no {", ".join(lacking)}: not one of the ViTs of '
            'Metric3Dv2 (ConvNeXt encoders are those of version 1)'
        )
    state = {
        re.sub(r'^blocks\.\d+\.(?=\d)', 'blocks.', key): value
        for key, value in encoder.items()
        if key != 'mask_token'  # of DINOv2's training
    }
    position = state['pos_embed']
    state['pos_embed'] = position[:, 1:].contiguous()
    state['cls_token'] = state['cls_token'] + position[:, :1]
    state['reg_token'] = state.pop('register_tokens')
    return state


def check(state: State, wanted: State, model: str) -> None:
    """Raise ValueError unless names and shapes are those of the model."""
    different = [
        f'{key} {tuple(state[key].shape)}, wanted {tuple(value.shape)}'
        for key, value in wanted.items()
        if key in state and state[key].shape != value.shape
    ]
    problems = {
        'missing': [key for key in wanted if key not in state],
        'unexpected': [key for key in state if key not in wanted],
        'of another shape': different,
    }
    if any(problems.values()):
        lines = '\n'.join(
            f'  {problem} ({len(keys)}): {", ".join(keys) or "none"}'
            for problem, keys in problems.items()
        )
        raise ValueError(f'its encoder is not {model}:\n{lines}')


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help='.pth of Metric3Dv2')
    parser.add_argument('output', type=out_file, help='.safetensors')
    parser.add_argument(
        '--model',
        default=MODEL,
        help=f"timm's name of the encoder (default: {MODEL})",
    )
    args = parser.parse_args()
    if args.output.suffix != '.safetensors':
        parser.error(f'{args.output}: wanted a name.safetensors')
    return args


@clear_errors
def main() -> None:
    """Convert one file."""
    args = parse_args()
    try:
        with torch.device('meta'):  # names and shapes, no memory
            wanted = build_classifier(args.model, num_classes=0)[1]
    except RuntimeError as error:
        raise ValueError(f'--model {args.model}: {error}') from error
    checkpoint = read_state(args.checkpoint)
    try:
        encoder = take_encoder(checkpoint)
        state = to_timm(encoder)
        check(state, wanted.state_dict(), args.model)
    except ValueError as error:
        raise ValueError(f'{args.checkpoint}: {error}') from None
    write_atomically(
        args.output, save({k: v.contiguous() for k, v in state.items()})
    )
    print(
        f'{args.output}: {len(state)} tensors of {args.model}, '
        f'{sum(v.numel() for v in state.values()) / 1e6:.1f} M parameters'
    )


if __name__ == '__main__':
    main()
