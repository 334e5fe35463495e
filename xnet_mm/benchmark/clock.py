"""Time, memory and limits of a device."""

import platform
import time
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ..compat import TORCH, tree_leaves
from ..fast.linear import linear


class Clock:
    """Times calls on a CPU, or on a GPU by its own events."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self.is_cuda = self.device.type == 'cuda'

    @property
    def name(self) -> str:
        """What the device calls itself."""
        if self.is_cuda:
            return torch.cuda.get_device_name(self.device)
        names = [platform.processor() or platform.machine()]
        try:
            with open('/proc/cpuinfo') as lines:
                names = [
                    line.split(':', 1)[1].strip()
                    for line in lines
                    if line.startswith('model name')
                ] or names
        except OSError:  # not Linux
            pass
        return f'{names[0]}, {torch.get_num_threads()} threads'

    def time(self, call: Callable[[], Any]) -> float:
        """Seconds of one call, until its last result is there."""
        if not self.is_cuda:
            start = time.perf_counter()
            call()
            return time.perf_counter() - start
        events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        torch.cuda.synchronize(self.device)
        events[0].record()
        call()
        events[1].record()
        events[1].synchronize()
        return events[0].elapsed_time(events[1]) / 1000

    def peak_memory(self, call: Callable[[], Any]) -> int | None:
        """Bytes that a call needs at most, beyond what was there before.

        On a GPU the allocator's own count; on a CPU the tensors that live
        at one time, without scratch memory inside an operator; None before
        PyTorch 2.4, whose storages do not tell when they end.
        """
        if self.is_cuda:
            torch.cuda.synchronize(self.device)
            before = torch.cuda.memory_allocated(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
            call()
            torch.cuda.synchronize(self.device)
            return torch.cuda.max_memory_allocated(self.device) - before
        if TORCH < (2, 4):
            return None
        with LiveTensors() as live:
            call()
        return live.peak

    def limits(self, dtype: torch.dtype) -> tuple[float, float]:
        """Operations and bytes a second of a matrix product and a copy.

        The faster of torch's product and oneDNN's: which one that is depends
        on the processor. The copy's bytes are those read and those written.
        """
        side = 8192 if self.is_cuda else 2048
        a, b = torch.rand(2, side, side, device=self.device, dtype=dtype)
        with torch.no_grad():
            product = min(
                self.time(call)
                for call in (lambda: a @ b, lambda: linear(a, b, None))
                for _ in range(3)
            )
        source = torch.rand(2**26, device=self.device)  # 256 MiB
        target = torch.empty_like(source)
        copy = min(self.time(lambda: target.copy_(source)) for _ in range(3))
        return 2 * side**3 / product, 2 * source.nbytes / copy


class LiveTensors(TorchDispatchMode):
    """Counts the bytes of the tensors made inside that live at one time.

    Attributes:
        peak: the most bytes so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.seen: weakref.WeakSet = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        """Call `func` and count the storages that are new."""
        known = {
            id(t.untyped_storage())
            for t in tree_leaves((args, kwargs))
            if isinstance(t, Tensor)
        }
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if not isinstance(tensor, Tensor):
                continue
            storage = tensor.untyped_storage()
            if id(storage) in known or storage in self.seen:
                continue
            self.seen.add(storage)
            self.live += storage.nbytes()
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._free, storage.nbytes())
        return result

    def _free(self, size: int) -> None:
        self.live -= size
