"""Which way to go: the one place that asks for the device and the mode."""

from typing import Any

import torch
from torch import Tensor, nn

from ..compat import TORCH, cpu_autocast_dtype, is_compiling

kernels: Any = None
if TORCH >= (2, 4):  # with Triton 3
    try:
        from . import kernel_calls as kernels
    except ImportError:  # PyTorch's builds without CUDA have no Triton
        pass

# Widest map that is made at once on a CPU. glibc gives a tensor above 32 MiB
# back to the system, and its next use takes a page fault for every 4 KiB.
PIECE_BYTES = 16 * 2**20


def on_gpu(x: Tensor) -> bool:
    """Whether to use the kernels for GPUs: inference, and Triton is there.

    Args:
        x: what the kernel would take in, of any shape.
    """
    return (
        kernels is not None
        and x.is_cuda
        and torch.cuda.get_device_properties(x.device).major >= 8
        and not torch.is_grad_enabled()
        # Not is_exporting(): inside torch.compile that is true up to 2.11.
        and not getattr(torch.compiler, '_is_exporting_flag', False)
        and not torch.jit.is_tracing()
    )


def in_pieces(x: Tensor) -> bool:
    """Whether to work on a map (B,...) by pieces: plain inference on a CPU.

    A compiler fuses by itself, a GPU wants all of the work at once.
    """
    return (
        x.device.type == 'cpu'
        and not torch.is_grad_enabled()
        and not is_compiling()
        and not torch.jit.is_tracing()
    )


def is_gpu(x: Tensor) -> bool:
    """Whether a tensor of any shape lies on a GPU, in training too."""
    return x.is_cuda


def autocast_dtype(default: torch.dtype) -> torch.dtype:
    """The precision of matrix products on a CPU: autocast's, or `default`."""
    return cpu_autocast_dtype() or default


def rows_at_once(width: int) -> int:
    """How many rows of `width` values in fp32 make one piece, at least 1."""
    return max(1, PIECE_BYTES // (4 * width))


def is_watched(*modules: nn.Module) -> bool:
    """Whether somebody's hook waits for a call of one of these modules."""
    return any(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        for module in modules
    )
