"""How models run while they are measured."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import torch

DTYPES = dict(
    fp32=torch.float32,
    tf32=torch.float32,
    bf16=torch.bfloat16,
    fp16=torch.float16,
)
EXPORTED = ('onnxruntime', 'openvino')
MODES = ('eager', 'compiled', 'cuda-graphs', *EXPORTED)


@dataclass(frozen=True)
class Setting:
    """What a row of measurements has in common.

    Attributes:
        size: (height, width) in pixels.
        batch: images at once.
        precision: 'fp32', 'tf32' (CUDA), 'bf16' or 'fp16': in training by
            autocast, in inference with weights that are converted once.
        mode: 'eager', 'compiled', 'cuda-graphs' (compiled, replayed), or
            'onnxruntime' or 'openvino' (exported; inference on a CPU in
            fp32).
        train: a training step, from the images to the updated weights.
    """

    size: tuple[int, int]
    batch: int = 1
    precision: str = 'fp32'
    mode: str = 'eager'
    train: bool = False

    def __str__(self) -> str:
        """Such as '512x512, batch 1, fp32, eager'."""
        height, width = self.size
        words = [f'{height}x{width}', f'batch {self.batch}', self.precision]
        return ', '.join([*words, self.mode, *(['training'] * self.train)])


def settings(
    sizes: Sequence[tuple[int, int]],
    batches: Sequence[int],
    precisions: Sequence[str],
    modes: Sequence[str],
    train: bool,
) -> list[Setting]:
    """Every combination, in the order that is measured."""
    return [
        Setting(size, batch, precision, mode, train)
        for precision, mode, size, batch in product(
            precisions, modes, sizes, batches
        )
    ]


@contextlib.contextmanager
def precision(setting: Setting) -> Iterator[None]:
    """TF32 on or off while a setting is measured."""
    before = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.allow_tf32
    tf32 = setting.precision == 'tf32'
    torch.set_float32_matmul_precision('high' if tf32 else 'highest')
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = cudnn
