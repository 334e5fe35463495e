"""Depth heads: the linear probe gives metres instead of class logits."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.uper_head import UPerHead
from torch import Tensor, nn

from ..registry import MODELS
from .arguments import check_count, check_number
from .handover import widths_before
from .heads import PFPHead
from .peer_heads import DPTPyramidHead, LinearHead
from .resize import resize_to

Activation = Literal['sigmoid', 'exp', 'softplus']
LOSS = dict(type='xnet_mm.ScaleInvariantLogLoss')


class DepthOutput(BaseDecodeHead):
    """What makes depth of any head of MMSegmentation: metres and a loss.

    Put it before a head that ends in `cls_seg`. The paper speaks of "a
    simple linear probe" and names neither activation nor loss.

    Args:
        max_depth: metres. Truth beyond it counts as none, predictions stay
            below it.
        min_depth: metres, likewise.
        activation: 'sigmoid' spans min_depth to max_depth (BTS, NeWCRFs,
            VPD, ...); 'exp' (iDisc) and 'softplus' have no upper end in
            training, so that far pixels keep their gradient.
        loss_decode: loss(depth, truth, valid), one or a list.
        **kwargs: those of the head.

    Raises:
        ValueError: an unknown activation, an empty or endless range, no
            loss, or `num_classes`.
    """

    def __init__(
        self,
        max_depth: float = 10.0,
        min_depth: float = 1e-3,
        activation: Activation = 'sigmoid',
        loss_decode: dict | Sequence[dict] = LOSS,
        **kwargs: Any,
    ) -> None:
        box = type(self).__name__
        for key in ('num_classes', 'out_channels'):
            if key in kwargs:
                raise ValueError(
                    f'{box}: {key}={kwargs[key]!r}; depth has no classes. '
                    f'Leave {key} out.'
                )
        check_count(f'{box}: channels', kwargs.get('channels', 1))
        if not loss_decode:
            raise ValueError(
                f'{box}: loss_decode={loss_decode!r}; wanted one loss or more.'
            )
        # The threshold keeps mmseg from warning about two classes.
        super().__init__(
            num_classes=1,
            out_channels=1,
            threshold=0.0,
            loss_decode=loss_decode,
            **kwargs,
        )
        if activation not in ('sigmoid', 'exp', 'softplus'):
            raise ValueError(
                f"activation={activation!r}; wanted 'sigmoid', 'exp' or "
                "'softplus'."
            )
        check_number(f'{box}: max_depth', max_depth)
        check_number(f'{box}: min_depth', min_depth)
        if not min_depth < max_depth:
            raise ValueError(
                f'min_depth={min_depth}, max_depth={max_depth}; wanted '
                '0 < min_depth < max_depth, in metres.'
            )
        self.max_depth, self.min_depth = max_depth, min_depth
        self.activation = activation

    def cls_seg(self, feat: Tensor) -> Tensor:
        """The linear probe, of features (B,C,H,W): metres (B,1,H,W)."""
        return self.to_metres(super().cls_seg(feat))

    def to_metres(self, x: Tensor) -> Tensor:
        """The activation: what the probe gives -> metres, both (B,1,H,W)."""
        x = x.float()  # half precision steps by cm
        if self.activation == 'sigmoid':
            span = self.max_depth - self.min_depth
            return self.min_depth + span * x.sigmoid()
        if self.activation == 'exp':
            return x.clamp(-30, 30).exp()  # beyond these e^x overflows
        return F.softplus(x) + self.min_depth

    def predict(
        self,
        inputs: Sequence[Tensor],
        batch_img_metas: list[dict] | None = None,
        test_cfg: dict | None = None,
    ) -> Tensor:
        """Maps (B,C_i,H/s_i,W/s_i) -> metres (B,1,h,w) within the range."""
        return self.forward(inputs).clamp(self.min_depth, self.max_depth)

    def loss_by_feat(
        self, seg_logits: Tensor, batch_data_samples: Sequence
    ) -> dict[str, Tensor]:
        """Losses, and abs_rel for the log.

        Args:
            seg_logits: metres (B,1,h,w), whatever mmseg calls them.
            batch_data_samples: with `gt_depth_map` (1,H,W), 0 = none;
                without it an image counts for nothing.
        """
        depth = seg_logits
        truth = _stack_truth(depth, batch_data_samples)
        depth = resize_to(depth, truth.shape[-2:], self.align_corners)
        valid = (truth > self.min_depth) & (truth < self.max_depth)
        functions = self.loss_decode
        if not isinstance(functions, nn.ModuleList):
            functions = [functions]
        losses: dict[str, Tensor] = {}
        for function in functions:
            loss = function(depth, truth, valid)
            name = function.loss_name
            losses[name] = losses[name] + loss if name in losses else loss
        with torch.no_grad():
            error = (depth - truth).abs() / truth.clamp(min=self.min_depth)
            count = valid.sum().clamp(min=1)
            losses['abs_rel'] = error.mul_(valid).sum() / count
        return losses


@MODELS.register_module()
class PFPDepthHead(DepthOutput, PFPHead):
    """PFP and a linear probe for depth. Args: `DepthOutput`, `PFPHead`.

    `forward` gives metres (B,1,H/out_stride,W/out_stride) of a pyramid.
    """


@MODELS.register_module()
class UPerDepthHead(DepthOutput, UPerHead):
    """UPerNet's head for depth, a peer to compare with.

    Args:
        in_channels: width of each map. Default: those of the
            model's neck or `PretrainedPyramid`.
        **kwargs: those of `DepthOutput` and of mmseg's UPerHead.
    """

    def __init__(
        self, in_channels: Sequence[int] | None = None, **kwargs: Any
    ) -> None:
        in_channels = widths_before('UPerDepthHead', in_channels)
        kwargs.setdefault('in_index', list(range(len(in_channels))))
        super().__init__(in_channels=in_channels, **kwargs)


@MODELS.register_module()
class DPTDepthHead(DepthOutput, DPTPyramidHead):
    """DPT's head for depth. Args: `DepthOutput`, `DPTPyramidHead`."""


@MODELS.register_module()
class LinearDepthHead(DepthOutput, LinearHead):
    """A linear probe for depth. Args: `DepthOutput`, `LinearHead`."""


def _stack_truth(depth: Tensor, samples: Sequence) -> Tensor:
    """Truth (B,1,H,W); an image without any is 0 all over."""
    maps = [
        s.gt_depth_map.data if 'gt_depth_map' in s else None for s in samples
    ]
    known = [m for m in maps if m is not None]
    blank = torch.zeros_like(known[0] if known else depth[0])
    return torch.stack([blank if m is None else m for m in maps])
