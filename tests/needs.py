"""What only newer PyTorch has: the tests of it, skipped with the reason."""

import pytest
import torch

from xnet_mm.compat import TORCH


def needs_torch(version, what):
    """A mark for a test; in a module's `pytestmark` for all of them."""
    bound = tuple(map(int, version.split('.')))
    return pytest.mark.skipif(
        bound > TORCH,
        reason=f'{what}: PyTorch {version}, this is {torch.__version__}',
    )


# Autocast and prepare_for_inference on a CPU.
FLOAT16_ON_CPU = pytest.param(
    torch.float16,
    marks=needs_torch('2.4', 'float16 on a CPU'),
)
# Else None: a storage does not tell when it ends.
MEMORY_ON_CPU = TORCH >= (2, 4)
COMPILED = needs_torch('2.6', 'torch.compile of these models')
