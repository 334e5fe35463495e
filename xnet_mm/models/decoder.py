"""Boxes 2 to 4 of the figure: RS, mix, and a pre-trained model as decoder."""

from collections.abc import Sequence
from typing import Literal

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..registry import MODELS
from .arguments import check_counts, check_number
from .channels import check_choice, describe_wrong_channels, show
from .handover import take_over
from .hierarchy import build_hierarchy
from .reshape import ReShape, Upsample
from .resize import resize_to
from .weights import load_weights


@MODELS.register_module()
class PretrainedReversedDecoder(BaseModule):
    """Decode with a pre-trained classifier, high to low resolution.

    The encoder's last map is re-shaped to high resolution (RS) and
    multiplied into the classifier's path; its four stages then decode, as
    they stand (paper sections 3.1 to 3.3).

    Args:
        decoder: name of a timm model, `dict(type='timm', model_name=...,
            **options)`, or a config of mmpretrain's ConvNeXt.
        weights: `None` for random, 'timm', a file, ...: see `weights.py`.
            Loaded by `init_weights`, hence at the start of a training run.
        mix: 'stem' multiplies RS with the stem's output (xNet), 'image'
            with the RGB image (xNet-I); `None` feeds the stages with RS
            alone, without image or stem (the rows of Table 1 before "-I").
        mix_init: 'identity' starts RS as constant one, so that training
            starts from the pre-trained path itself; 'random' as any layer.
            The paper does not say. Without a mix it is always random.
        pyramid_links: add the encoder's maps to what stages 2, 3 and 4 take
            in, each by a 1x1 convolution (equation 2, before the paper
            removes them; the rows of Table 1 before "-FP"). Needs
            `PretrainedEncoder(pyramid=True)`.
        in_channels: width of each of the encoder's maps, or of the last.
            Default: those of the model's backbone, a `PretrainedEncoder`.
        in_stride: stride of the last map in image pixels, likewise.
        norm: see `ReShape`.
        act: see `ReShape`.
        with_cp: recompute activations in the backward pass.
        channels: numbers, from 0, of those channels of the image that the
            decoder is shown, in that order, as (2, 1, 0); by default all,
            which have to be as many as its first layer takes (`in_chans` of
            a timm model).
        upsample: see `ReShape`.

    Attributes:
        in_chans: channels that the first layer takes; 0 without a mix.
        out_channels, out_strides: of the four maps returned.
        layers: of the parameters of `self.decoder`; see `Hierarchy`.

    Raises:
        ValueError: a decoder that has no stem and four stages (the message
            lists the families that do), an unknown `mix`, `mix_init`, links
            to an encoder that returns one map, no such widths or stride, or
            `channels` that are not as many as the first layer takes.
    """

    def __init__(
        self,
        decoder: str | dict,
        weights: str | None = None,
        mix: Literal['stem', 'image'] | None = 'stem',
        mix_init: Literal['identity', 'random'] = 'identity',
        pyramid_links: bool = False,
        in_channels: int | Sequence[int] | None = None,
        in_stride: float | None = None,
        norm: str = 'RMSNorm',
        act: str = 'SiLU',
        with_cp: bool = False,
        channels: Sequence[int] | None = None,
        upsample: Upsample = 'shuffle',
    ) -> None:
        super().__init__()
        if mix not in ('stem', 'image', None):
            raise ValueError(f"mix={mix!r}; wanted 'stem', 'image' or None.")
        if mix_init not in ('identity', 'random'):
            raise ValueError(
                f"mix_init={mix_init!r}; wanted 'identity' or 'random'."
            )
        self.config, self.weights, self.mix = decoder, weights, mix
        self.decoder = build_hierarchy(decoder)
        self.decoder.set_grad_checkpointing(with_cp)
        width, stride = self.decoder.stem_channels, self.decoder.stem_stride
        self.in_chans = self.decoder.in_chans
        self.channels = check_choice('decoder', channels, self.in_chans)
        if mix == 'image':
            width, stride = self.in_chans, 1
        if mix is None:
            self.in_chans = 0
            self.decoder.drop_stem()
        if in_channels is None:
            encoder = take_over('PretrainedReversedDecoder')
            in_channels, in_stride = encoder.channels, encoder.strides[-1]
        elif isinstance(in_channels, int):
            in_channels = [in_channels]
        check_counts('PretrainedReversedDecoder: in_channels', in_channels)
        if in_stride is not None:
            check_number('PretrainedReversedDecoder: in_stride', in_stride)
        self.in_channels = list(in_channels)
        # A patch of 14 is no multiple of 4: the nearest factor, then resize.
        factor = max(1, round((in_stride or 32) / stride))
        self.reshape = ReShape(
            in_channels[-1], width, factor, norm, act, upsample
        )
        self.links = self._links() if pyramid_links else None
        if mix is not None and mix_init == 'identity':
            self.reshape.init_identity()
        self.out_channels = self.decoder.channels
        self.out_strides = self.decoder.strides
        self.layers = self.decoder.layers

    def _links(self) -> nn.ModuleList:
        """1x1 convolutions to the widths that stages 2, 3 and 4 take in."""
        if len(self.in_channels) != 4:
            raise ValueError(
                'pyramid_links=True wants four maps of the encoder and got '
                f'{len(self.in_channels)}. Set pyramid=True in the '
                'PretrainedEncoder.'
            )
        return nn.ModuleList(
            nn.Conv2d(theirs, ours, 1)
            for theirs, ours in zip(
                self.in_channels[:3], self.decoder.channels[:3], strict=True
            )
        )

    def init_weights(self) -> None:
        """Load the decoder's `weights`, strictly.

        Raises:
            ValueError, RuntimeError, FileNotFoundError: see `load_weights`.
        """
        if self.weights is None:
            print_log(
                'decoder: weights=None, so it starts random', logger='current'
            )
            return
        load_weights(
            self.decoder,
            self.config,
            self.weights,
            self.decoder.native_names,
            'decoder',
        )

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute the stages' activations in the backward pass."""
        self.decoder.set_grad_checkpointing(enable)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """(image, *maps of the encoder) -> maps at strides 4, 8, 16, 32.

        Args:
            inputs: the image, (B,N,H,W), then maps (B,C,H/s,W/s).

        Returns:
            Four maps (B,C_i,H/s_i,W/s_i).

        Raises:
            ValueError: the first input is no image, or the encoder's maps
                have other widths than the neck was built for.
        """
        image, *features = inputs
        wanted = self.in_channels
        if self.links is None:
            features, wanted = features[-1:], wanted[-1:]
        widths = [f.shape[1] for f in features]
        problem = ''
        if self.in_chans:
            problem = describe_wrong_channels(self, image.shape[1])
        if problem or widths != wanted:
            raise ValueError(
                'PretrainedReversedDecoder got '
                f'{", ".join(str(tuple(x.shape)) for x in inputs)}; wanted '
                f'the image (B,{self.in_chans or "N"},H,W) and maps '
                f'(B,C,H/s,W/s) of widths {wanted}, as a PretrainedEncoder in '
                f'the backbone slot returns them. {problem}'.rstrip()
            )
        links = [
            link(f)
            for link, f in zip(self.links or [], features, strict=False)
        ]
        x = self.mixed_feature(image, features[-1])
        if self.mix == 'image':
            x = self.decoder.forward_stem(x)
        return tuple(self.decoder.forward_stages(x, links))

    def mixed_feature(self, image: Tensor, feature: Tensor) -> Tensor:
        """The mixed feature of the paper's figures 3 and 4.

        Args:
            image: (B,N,H,W), normalised, all channels.
            feature: the encoder's last map, (B,C,H/s,W/s).

        Returns:
            (B,in_chans,H,W) for mix='image'; for the others what the stages
            take in, (B,C0,H/s0,W/s0).
        """
        reshaped = self.reshape(feature)
        if self.in_chans:
            image = show(self, image)
        if self.mix == 'image':
            return image * resize_to(reshaped, image.shape[-2:])
        if self.mix == 'stem':
            stem = self.decoder.forward_stem(image)
            return stem * resize_to(reshaped, stem.shape[-2:])
        stride = self.decoder.stem_stride
        size = torch.Size(-(-s // stride) for s in image.shape[-2:])
        return resize_to(reshaped, size)
