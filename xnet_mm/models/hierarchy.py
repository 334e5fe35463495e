"""A pre-trained classifier taken apart into a stem and four stages.

Plain torch. Widths, strides and memory layouts are found by running the
parts, and the result is compared with the untouched classifier's own maps.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .channels import first_layer_channels
from .classifier import (
    build_classifier,
    is_registered,
    split_batch_norm_act,
    where_it_lies,
)
from .input_size import InputSize, find_input_size, own_size
from .layers import read_layers
from .resize import resize_to
from .splitting import NotAHierarchyError, split_mmpretrain, split_timm

PROBE_SIZE = (64, 96)  # H != W, so that NHWC and NCHW can be told apart


class Hierarchy(nn.Module):
    """Stem and four stages of a classifier, high to low resolution.

    Attributes:
        stem, stages: the classifier's own modules.
        in_chans: channels of the image that the stem takes.
        stem_channels, stem_stride: of the map that the stem returns.
        channels, strides: of the four maps that the stages return.
        native_names: name in the classifier's state dict -> name here.
        input_size: the images that the stages take; others are padded, and
            the maps cut.
        layers: of the parameters, in the order of the classifier; `None`
            where it does not say.
    """

    def __init__(
        self,
        name: str,
        classifier: nn.Module,
        parts: list[list[str]],
        in_chans: int = 3,
    ) -> None:
        """Take `parts`, five lists of submodule names: stem, stages 1-4."""
        super().__init__()
        self.in_chans = in_chans
        ends = [part[-1] for part in parts[1:]]
        image = torch.rand(
            (1, in_chans, *PROBE_SIZE),
            generator=torch.Generator().manual_seed(0),
            device='cpu',
        ).to(next(classifier.parameters()).device)
        natives = _native_maps(name, classifier, ends, image)
        layers = read_layers(classifier)
        native_of = {id(t): n for n, t in _tensors(classifier).items()}
        groups = [
            nn.Sequential(*(classifier.get_submodule(n) for n in part))
            for part in parts
        ]
        self.stem, self.stages = groups[0], nn.ModuleList(groups[1:])
        split_batch_norm_act(self)
        self.native_names = {
            native_of[id(t)]: n for n, t in _tensors(self).items()
        }
        self.layers = layers and layers.renamed(self.native_names)
        self.grad_checkpointing = False
        self._probe(name, image, natives)
        self.input_size = InputSize()
        self.input_size = self._find_input_size(name, own_size('', classifier))
        self.train()

    @torch.no_grad()
    def _probe(self, name: str, image: Tensor, natives: list[Tensor]) -> None:
        """Run the parts: find widths, strides, layouts; compare the maps."""
        self.eval()
        maps, self.channels_last, x = [], [], image
        for module in (self.stem, *self.stages):
            try:
                x = module(x)
            except Exception as error:
                raise NotAHierarchyError(
                    name, f'its parts do not run one by one ({error!r})'
                ) from error
            maps.append(x)
            self.channels_last.append(_is_channels_last(name, x))
        for ours, native in zip(maps[1:], natives, strict=True):
            # On `meta` maps have no values that could be compared.
            if ours.shape != native.shape or not (
                ours.is_meta
                or torch.allclose(ours, native, rtol=1e-4, atol=1e-5)
            ):
                raise NotAHierarchyError(
                    name,
                    'its parts, run one by one, do not give the maps of '
                    'the whole',
                )
        maps = [
            m.permute(0, 3, 1, 2) if last else m
            for m, last in zip(maps, self.channels_last, strict=True)
        ]
        widths = [m.shape[1] for m in maps]
        strides = [round(PROBE_SIZE[0] / m.shape[2]) for m in maps]
        if strides[1:] != [4, 8, 16, 32]:
            raise NotAHierarchyError(
                name, f'its stages have strides {strides[1:]}'
            )
        self.stem_channels, *self.channels = widths
        self.stem_stride, *self.strides = strides

    def _find_input_size(self, name: str, own: tuple[int, int]) -> InputSize:
        try:
            found = find_input_size(
                lambda size: self(torch.zeros(1, self.in_chans, *size)),
                *(16, 32, own),
            )
        except ValueError as error:
            raise NotAHierarchyError(name, str(error)) from error
        if found.fixed:
            raise NotAHierarchyError(
                name,
                f'it runs on images {found}, and a decoder has to take those '
                'of any size',
            )
        return found

    def forward_stem(self, image: Tensor) -> Tensor:
        """Image (B,N,H,W) -> stem map (B,C0,H/s0,W/s0)."""
        fitted = self.input_size.fit(image)
        x = self.stem(fitted)
        x = x.permute(0, 3, 1, 2) if self.channels_last[0] else x
        if fitted is image:
            return x
        return self.input_size.restore(x, image.shape[-2:], self.stem_stride)

    def forward_stages(
        self, x: Tensor, links: Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """Stem map (B,C0,H/s0,W/s0) -> four maps (B,Ci,H/si,W/si).

        Args:
            x: the stem's map, or what stands for it.
            links: added to what stages 2, 3 and 4 take in, (B,Ci,h,w) with
                the width of the map of the stage before, any size.
        """
        fitted = self.input_size.of_maps(self.stem_stride).fit(x)
        if fitted is x:
            return self._run_stages(x, links)
        ratios = [stride // self.stem_stride for stride in self.strides]
        sizes = [
            torch.Size(-(-side // ratio) for side in x.shape[-2:])
            for ratio in ratios
        ]
        links = [
            self.input_size.of_maps(stride).fit(resize_to(link, size))
            for link, stride, size in zip(
                links, self.strides, sizes, strict=False
            )
        ]
        maps = self._run_stages(fitted, links)
        return [
            m[..., :height, :width]
            for m, (height, width) in zip(maps, sizes, strict=True)
        ]

    def _run_stages(self, x: Tensor, links: Sequence[Tensor]) -> list[Tensor]:
        maps: list[Tensor] = []
        was_last = False
        for stage, is_last, goes_last in zip(
            self.stages,
            self.channels_last[:-1],
            self.channels_last[1:],
            strict=True,
        ):
            if maps and links:
                link = resize_to(links[len(maps) - 1], maps[-1].shape[-2:])
                x = x + (link.permute(0, 2, 3, 1) if was_last else link)
            if is_last and not was_last:
                x = x.permute(0, 2, 3, 1)  # a stage that wants (B,H,W,C)
            x = self._run_stage(stage, x)
            maps.append(x.permute(0, 3, 1, 2) if goes_last else x)
            was_last = goes_last
        return maps

    def forward(self, image: Tensor) -> list[Tensor]:
        """Image (B,N,H,W) -> the classifier's own four maps (B,Ci,h,w)."""
        return self.forward_stages(self.forward_stem(image))

    def drop_stem(self) -> None:
        """Forget the stem, for a decoder that is not shown the image."""
        self.register_module('stem', None)
        self.native_names = {
            native: name
            for native, name in self.native_names.items()
            if not name.startswith('stem.')
        }

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Recompute each block in the backward pass to save memory."""
        self.grad_checkpointing = enable
        for stage in self.stages:
            for unit in stage.children():
                if hasattr(unit, 'grad_checkpointing'):
                    # timm's own, by block. torch's hints know no flags.
                    unit.grad_checkpointing = enable  # type: ignore[assignment]

    def _run_stage(self, stage: nn.Module, x: Tensor) -> Tensor:
        if not (self.grad_checkpointing and self.training):
            return stage(x)
        for unit in stage.children():
            if hasattr(unit, 'grad_checkpointing'):
                x = unit(x)
                continue
            blocks = unit if isinstance(unit, nn.Sequential) else [unit]
            for block in blocks:
                x = checkpoint(block, x, use_reentrant=False)
        return x


def build_hierarchy(decoder: str | dict) -> Hierarchy:
    """Build a classifier (random weights) and take it apart.

    Args:
        decoder: name of a timm model, `dict(type='timm', model_name=...,
            **options)` or a config of mmpretrain's ConvNeXt.

    Raises:
        NotAHierarchyError: it has no stem and four stages.
    """
    try:
        name, classifier = build_classifier(decoder, num_classes=0)
    except ValueError as error:
        raise NotAHierarchyError(str(decoder), str(error)) from error
    split = split_mmpretrain if is_registered(decoder) else split_timm
    parts, channels = split(name, classifier), first_layer_channels(decoder)
    with where_it_lies(classifier):
        return Hierarchy(name, classifier, parts, channels)


@torch.no_grad()
def _native_maps(
    name: str, classifier: nn.Module, ends: list[str], image: Tensor
) -> list[Tensor]:
    """Maps that the untouched classifier makes where the stages end."""
    classifier.eval()  # not chained: mmpretrain's returns None
    maps: dict[str, Tensor] = {}

    def keep(end: str) -> Callable:
        return lambda module, args, output: maps.update({end: output.clone()})

    hooks = [
        classifier.get_submodule(end).register_forward_hook(keep(end))
        for end in ends
    ]
    try:
        getattr(classifier, 'forward_features', classifier)(image)
    except Exception as error:
        raise NotAHierarchyError(
            name,
            f'it cannot take an image of {PROBE_SIZE}, and a decoder has to '
            f'take those of any size: {error!r}',
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    if {*maps} != {*ends}:
        raise NotAHierarchyError(name, f'not all of its stages {ends} run')
    return [maps[end] for end in ends]


def _is_channels_last(name: str, x: Tensor) -> bool:
    """Whether a map of the probe image lies as (B,H,W,C)."""
    height, width = PROBE_SIZE
    if x.ndim == 4 and x.shape[2] * width == x.shape[3] * height:
        return False
    if x.ndim == 4 and x.shape[1] * width == x.shape[2] * height:
        return True
    raise NotAHierarchyError(
        name, f'a part returns {tuple(x.shape)} for an image of {PROBE_SIZE}'
    )


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    """The tensors of the state dict themselves, not detached copies."""
    return dict(module.state_dict(keep_vars=True))
