"""A model of Hugging Face's transformers, measured as a segmentor is."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

INSTALL_HELP = "pip install 'xnet_mm[peers]'"


class TransformersModel(nn.Module):
    """A class of transformers, built from its config object: no hub.

    Weights are random. From the images to what is compared: the resizing
    that its image processor does before, class logits or depth at the size
    of the image after.

    Args:
        name: of a class with masks and classes of queries, or with depth
            (`...ForUniversalSegmentation`, `...ForDepthEstimation`).
        config: arguments of its config class; `backbone_config` by its
            `model_type`.

    Raises:
        ImportError: transformers is missing, or older than the class.
        ValueError: an argument that the config class does not know.
    """

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__()
        try:
            import transformers
        except ImportError as error:
            raise ImportError(
                f'{name} is a class of transformers, which does not import '
                f'({error}). {INSTALL_HELP}'
            ) from error
        kind = getattr(transformers, name, None)
        if kind is None:
            raise ImportError(
                f'transformers {transformers.__version__} has no {name}. '
                f'{INSTALL_HELP} brings one that has.'
            )
        known = {*kind.config_class().to_dict(), 'num_labels'}
        if unknown := {*config} - known:
            raise ValueError(
                f'{kind.config_class.__name__} has no {sorted(unknown)}.'
            )
        settings = kind.config_class(**config)
        self.name = name
        self.backbone = kind(settings)
        self.decode_head = nn.Identity()  # what segmentors call the rest
        # EoMT's share of masked queries, 1 when its training begins and 0 at
        # its end. A list, for the model asks for values.
        if hasattr(self.backbone, 'attn_mask_probs'):
            del self.backbone.attn_mask_probs
            self.backbone.attn_mask_probs = [0.0] * settings.num_blocks
        if name == 'DPTForDepthEstimation':
            self.backbone.register_forward_pre_hook(
                _note_grid, with_kwargs=True
            )
            self.backbone.neck.register_forward_pre_hook(_pass_grid)
        body = getattr(settings, 'backbone_config', None) or settings
        self.patch = int(body.patch_size)
        # Where positions are not interpolated there is one size.
        self.only: int | None = None
        if 'ForUniversalSegmentation' in name:
            self.only = int(settings.image_size)

    def extract_feat(self, inputs: Tensor) -> Any:
        """Images (B,3,H,W) -> what the class itself returns."""
        size = self.input_size(*inputs.shape[-2:])
        if size != tuple(inputs.shape[-2:]):
            inputs = F.interpolate(inputs, size, mode='bilinear')
        return self.backbone(pixel_values=inputs)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """What an image is resized to, (H, W), before the model.

        Raises:
            ValueError: it does not fit into the one size that there is.
        """
        if self.only is None:
            sides = (max(1, round(s / self.patch)) for s in (height, width))
            return tuple(s * self.patch for s in sides)  # type: ignore
        if max(height, width) > self.only:
            raise ValueError(
                f'{self.name} takes {self.only}x{self.only} and cuts '
                f'{height}x{width} into windows. Measure it at '
                f'{self.only}x{self.only}, or give its config another '
                'image_size.'
            )
        return self.only, self.only

    def encode_decode(self, inputs: Tensor, metas: Any = None) -> Tensor:
        """Images (B,3,H,W) -> scores (B,K,H,W), or depth (B,1,H,W)."""
        size = inputs.shape[-2:]
        found = self.extract_feat(inputs)
        if 'predicted_depth' in found:
            depth = found.predicted_depth[:, None]
            return F.interpolate(depth, size, mode='bilinear')
        masks = F.interpolate(
            found.masks_queries_logits, size, mode='bilinear'
        ).sigmoid()
        classes = found.class_queries_logits.softmax(-1)[..., :-1]
        return (classes.mT @ masks.flatten(2)).unflatten(2, tuple(size))

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> Tensor:
        """As `encode_decode`, the one way that it runs."""
        return self.encode_decode(inputs)


def _note_grid(dpt: Any, args: tuple, kwargs: dict) -> None:
    """For `_pass_grid`: rows and columns of patches."""
    sides = kwargs['pixel_values'].shape[-2:]
    dpt.neck.grid = tuple(side // dpt.config.patch_size for side in sides)


def _pass_grid(neck: Any, args: tuple) -> tuple:
    """Tell DPT's neck the grid: left alone it takes each for a square."""
    return (args[0], *neck.grid)
