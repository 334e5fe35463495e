"""MMSegmentation's Swin, by the steps of ours: for peers, run as fast."""

from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.transformer import FFN
from mmseg.models.backbones.swin import ShiftWindowMSA, SwinBlock, WindowMSA
from torch import Tensor, nn

from . import when
from .mlp import Layers, add_mlp, is_plain, run_mlp
from .swin import KeptBias, attend, look_up_bias


class FusedWindowMSA(WindowMSA):
    """PyTorch's fused attention: what trains, and what is exported."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens of windows (W,N,C), mask of an image's windows (w,N,N)."""
        windows, area, channels = x.shape
        dim = channels // self.num_heads
        qkv = self.qkv(x).view(windows, area, 3, self.num_heads, dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = look_up_bias(self)[None]
        if mask is not None:
            bias = bias + mask[:, None].to(bias.dtype)
            bias = bias.repeat(windows // len(mask), 1, 1, 1)
        x = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=bias.to(q.dtype),
            dropout_p=self.attn_drop.p if self.training else 0.0,
            scale=self.scale,
        )
        x = x.transpose(1, 2).reshape(windows, area, channels)
        return self.proj_drop(self.proj(x))


class FastShiftWindowMSA(KeptBias, ShiftWindowMSA):
    """Projects before padding, as `FastSwinTransformerBlock`."""

    w_msa: Any
    window_size: int
    shift_size: int

    def forward(self, query: Tensor, hw_shape: tuple[int, int]) -> Tensor:
        """Tokens (B,H*W,C) of a map of `hw_shape` (H, W)."""
        attention = self.w_msa
        dim = attention.embed_dims // attention.num_heads
        if (
            self.training
            or torch.is_grad_enabled()
            or attention.scale != dim**-0.5
        ):
            return super().forward(query, hw_shape)
        x = attend(
            query.unflatten(1, tuple(hw_shape)),
            attention,
            self._bias(),
            (self.window_size,) * 2,
            (self.shift_size,) * 2,
            pad_first=True,
        )
        return x.flatten(1, 2)

    def _window_attention(self) -> nn.Module:
        return self.w_msa


class FastSwinBlock(SwinBlock):
    """The MLP on a CPU in pieces, on a GPU in few kernels."""

    def forward(self, x: Tensor, hw_shape: tuple[int, int]) -> Tensor:
        """Tokens (B,H*W,C) of a map of `hw_shape` (H, W)."""
        gpu = when.on_gpu(x)
        mlp = layers_of(self.ffn)
        if self.training or mlp is None or not (gpu or when.in_pieces(x)):
            return super().forward(x, hw_shape)
        x = x + self.attn(self.norm1(x), hw_shape)
        if gpu:
            return x + run_mlp(mlp, self.norm2(x))
        return add_mlp(x, x, self.norm2, mlp)


def layers_of(ffn: FFN) -> Layers | None:
    """The layers of mmcv's MLP; None if it is not linear, GELU, linear."""
    if (
        type(ffn) is not FFN
        or ffn.num_fcs != 2
        or not ffn.add_identity
        or type(ffn.gamma2) is not nn.Identity
    ):
        return None
    (first, act, _), last, _ = ffn.layers
    layers = Layers(first, act, last)
    return layers if is_plain(layers) else None
