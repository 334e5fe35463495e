"""Box 1 of the figure: any pre-trained encoder, in the backbone slot."""

import math
from collections.abc import Sequence
from typing import Any

import timm
import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor

from ..registry import MODELS
from .arguments import check_number
from .channels import check_choice, first_layer_channels, show
from .classifier import (
    build_classifier,
    is_registered,
    split_batch_norm_act,
    where_it_lies,
)
from .handover import whole_stride
from .input_size import find_input_size, help_with_size, own_size
from .layers import parameters_behind, read_layers
from .weights import load_weights


@MODELS.register_module()
class PretrainedEncoder(BaseModule):
    """Any encoder; returns the image with its last map, or with its pyramid.

    The image travels along, all of its channels, because the stock
    EncoderDecoder shows its neck nothing but what the backbone returns.

    Args:
        encoder: name of a timm model, `dict(type='timm', model_name=...,
            **options)`, or the config of any backbone registered in
            MMSegmentation or MMPretrain that returns maps (B,C,H,W).
        weights: `None` for random, 'timm', a file, ...: see `weights.py`.
            Loaded by `init_weights`, hence at the start of a training run.
        input_scale: the encoder sees the image re-sized by this factor.
            14/16 gives a ViT of patch 14 (DINOv2) a stride of 16, which RS
            brings to the decoder's 4 by a whole factor.
        pyramid: return four maps instead of the last one: those of the
            last four stages, or of four evenly spaced blocks where all have
            one stride (ViT, as DPT takes them). A registered backbone then
            returns all that it does.
        with_cp: recompute activations in the backward pass (timm models;
            a registered backbone has an option of its own).
        channels: numbers, from 0, of those channels of the image that the
            encoder sees, in that order; by default all, which have to be as
            many as its first layer takes (`in_chans` of a timm model).
        frozen: the weights stay as loaded: no gradients, nothing kept for
            a backward pass, and eval mode in training too (no dropout, no
            running statistics). What follows learns.

    Attributes:
        out_channels, out_strides: width and stride, in image pixels, of each
            map that follows the image.
        input_size: the images that the model takes. Others are fitted, and
            its maps brought back to their extent: padded where sides have
            to be multiples, re-sized for a model of one size (Hiera,
            MaxViT, BEiT, ...; `img_size=(H, W)` in `encoder` sets which).
        layers: of the parameters that are used, by their names in
            `self.encoder`; `None` where the model does not say.

    Raises:
        ValueError: the encoder does not return maps (B,C,H,W) or takes no
            image of any size that was tried, timm knows no such model,
            `input_scale` is not above 0, `frozen` is neither True nor False,
            or `channels` are not as many as the first layer takes.
    """

    encoder: Any  # timm's and the registries' models share no more than that

    def __init__(
        self,
        encoder: str | dict,
        weights: str | None = None,
        input_scale: float = 1.0,
        pyramid: bool = False,
        with_cp: bool = False,
        channels: Sequence[int] | None = None,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        check_number(f'{kind}: input_scale', input_scale)
        if not isinstance(frozen, bool):
            raise ValueError(f'{kind}: frozen={frozen!r}; wanted True, False.')
        self.config, self.weights = encoder, weights
        self.input_scale, self.pyramid = input_scale, pyramid
        try:
            name, self.encoder = build_classifier(encoder)
        except ValueError as error:
            raise ValueError(f'encoder: {error}.') from error
        self.in_chans = first_layer_channels(encoder)
        self.channels = check_choice('encoder', channels, self.in_chans)
        natives = self.encoder.state_dict(keep_vars=True)
        layers = read_layers(self.encoder)
        self.is_timm = not is_registered(encoder)
        if self.is_timm:
            self._prepare_timm(name, with_cp and not frozen)
        elif with_cp:
            raise ValueError(
                'with_cp=True is for timm encoders; give '
                f'{name} its own option in `encoder`.'
            )
        ours = self.encoder.state_dict(keep_vars=True)
        name_of = {id(t): n for n, t in ours.items()}
        self.native_names = {
            # Of a tensor that stands in several places each keeps its name.
            n: n if ours.get(n) is t else name_of[id(t)]
            for n, t in natives.items()
            if id(t) in name_of
        }
        with where_it_lies(self.encoder):
            self._probe(name)
        names = self.native_names.items()
        used = {n: our for n, our in names if our not in self.unused}
        self.layers = layers and layers.renamed(used)
        self.frozen = frozen
        if frozen:
            self.encoder.requires_grad_(False)
            self.train()
            print_log(f'encoder: {name} is frozen', logger='current')

    def train(self, mode: bool = True) -> 'PretrainedEncoder':
        """As any module; a frozen encoder stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def _prepare_timm(self, name: str, with_cp: bool) -> None:
        if not hasattr(self.encoder, 'forward_intermediates'):
            raise ValueError(
                f'{name} has no `forward_intermediates` in this timm; use '
                "another encoder, or MMPretrain's by config."
            )
        count = len(self.encoder.feature_info)
        strides = {f['reduction'] for f in self.encoder.feature_info}
        # A ViT's residual stream is made for its final norm; the last map
        # of a hierarchical encoder goes to RS, which starts with a norm.
        self.final_norm = len(strides) == 1
        self.indices = [count - 1]
        if self.pyramid and self.final_norm:
            self.indices = [count * i // 4 - 1 for i in (1, 2, 3, 4)]
        elif self.pyramid:
            self.indices = list(range(count - 4, count))
        if self.indices[0] < 0:
            raise ValueError(
                f'{name} has {count} maps; pyramid=True wants at least 4.'
            )
        self.encoder.prune_intermediate_layers(
            [count - 1], prune_norm=not self.final_norm
        )
        split_batch_norm_act(self.encoder)
        if with_cp:
            self.encoder.set_grad_checkpointing(True)

    @torch.enable_grad()  # what gradients reach, also if built without any
    def _probe(self, name: str) -> None:
        """Find size, width and stride by images; freeze what is unused."""
        if is_registered(self.config):
            patch = self.config.get('patch_size', 32)
        else:
            patch = self.encoder.feature_info[-1]['reduction']
        unit = patch if patch == 14 else 16
        self.encoder.eval()
        own = own_size(self.config, self.encoder)
        try:
            self.input_size = find_input_size(
                lambda size: self._maps(torch.zeros(1, self.in_chans, *size)),
                *(unit, max(patch, unit), own),
            )
        except ValueError as error:
            hint = help_with_size(self.config)
            raise ValueError(
                f'{name} cannot be an encoder: {error}{hint}'
            ) from error
        if self.input_size.advice:
            print_log(
                f'encoder: {name} runs on images {self.input_size}. '
                f'{self.input_size.advice}',
                logger='current',
            )
        image = torch.zeros(1, self.in_chans, 4 * unit, 6 * unit)
        image = self.input_size.fit(image)
        self.encoder.train()  # forgets what was kept without gradients
        self.encoder.eval()  # not chained: mmseg's return None
        features = self._maps(image)
        self.encoder.train()
        self.out_channels = [f.shape[1] for f in features]
        if self.is_timm:
            last = self.encoder.feature_info[-1]['num_chs']
            if self.out_channels[-1] != last:  # seen with timm < 1.0.16
                raise ValueError(
                    f'{name}: timm {timm.__version__} returned a map of width '
                    f'{self.out_channels[-1]} for its last stage, wanted '
                    f"{last}. Update it: pip install 'timm>=1.0.16'."
                )
        strides = [round(image.shape[2] / f.shape[2]) for f in features]
        self.strides = strides
        self.out_strides = [
            whole_stride(s / self.input_scale) for s in strides
        ]
        used = parameters_behind(features)
        self.unused = []
        for n, parameter in self.encoder.named_parameters():
            if id(parameter) not in used:
                parameter.requires_grad_(False)  # or DDP would wait for it
                self.unused.append(n)
        if self.unused:
            print_log(
                'encoder: frozen, since what it returns does not depend on '
                f'them: {", ".join(self.unused)}',
                logger='current',
            )

    def init_weights(self) -> None:
        """Load `weights`, strictly; without any, the encoder's own init.

        Raises:
            ValueError, RuntimeError, FileNotFoundError: see `load_weights`.
        """
        if self.weights is None:
            super().init_weights()
            print_log(
                'encoder: weights=None, so it starts random (or as its own '
                'init_cfg says)',
                logger='current',
            )
            return
        load_weights(
            self.encoder,
            self.config,
            self.weights,
            self.native_names,
            'encoder',
            optional=[
                native
                for native, ours in self.native_names.items()
                if ours in self.unused
            ],
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,N,H,W) -> (image, *maps (B,C_i,H/s_i,W/s_i)).

        Raises:
            ValueError: the image has not the channels that are wanted.
        """
        seen = self._rescale(show(self, image))
        fitted = self.input_size.fit(seen)
        maps = self._maps(fitted)
        if fitted is not seen:
            maps = [
                self.input_size.restore(m, seen.shape[-2:], stride)
                for m, stride in zip(maps, self.strides, strict=True)
            ]
        return image, *maps

    def _rescale(self, image: Tensor) -> Tensor:
        if self.input_scale == 1:
            return image
        divisor = self.strides[-1]
        size = [
            math.ceil(s * self.input_scale / divisor) * divisor
            for s in image.shape[-2:]
        ]
        return F.interpolate(
            image, size=size, mode='bilinear', align_corners=False
        )

    def _maps(self, image: Tensor) -> list[Tensor]:
        if self.is_timm:
            return self.encoder.forward_intermediates(
                image,
                indices=self.indices,
                norm=self.final_norm,
                output_fmt='NCHW',
                intermediates_only=True,
            )
        features: Any = self.encoder(image)
        if not isinstance(features, (list, tuple)):
            features = [features]
        if not self.pyramid:
            features = features[-1:]
        for feature in features:
            if not isinstance(feature, Tensor) or feature.ndim != 4:
                shape = getattr(feature, 'shape', type(feature).__name__)
                raise ValueError(
                    f'the encoder returned {shape}; wanted maps (B,C,H,W). A '
                    "VisionTransformer of MMPretrain needs out_type='featmap'"
                    ', a ConvNeXt gap_before_final_norm=False.'
                )
        return list(features)
