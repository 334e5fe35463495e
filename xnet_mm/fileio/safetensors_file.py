"""Files of tensors and nothing else, their header checked first."""

import json
from pathlib import Path

from torch import Tensor

# The library's own limit.
LARGEST_HEADER = 100_000_000


def load_safetensors(path: str | Path, name: str = '') -> dict[str, Tensor]:
    """The tensors of a .safetensors file, on the CPU.

    Args:
        path: Of the file.
        name: Of the file in errors, where it came from elsewhere.

    Raises:
        ValueError: the file is damaged or cut short.
    """
    path = Path(path)
    name = name or str(path)
    wrong = _header_error(path)
    if not wrong:
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except Exception as error:  # the library's own, and bad dtypes
            wrong = str(error)[:200]
    raise ValueError(
        f'{name} is damaged, cut short, or no .safetensors file: {wrong}. '
        'Get the file again from its source.'
    )


def _header_error(path: Path) -> str:
    size = path.stat().st_size
    with path.open('rb') as file:
        length = int.from_bytes(file.read(8), 'little')
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            return f'its header claims {length} bytes, the file has {size}'
        header = file.read(length)
    try:
        entries = json.loads(header)
        ends = [
            entry['data_offsets'][1]
            for key, entry in entries.items()
            if key != '__metadata__'
        ]
        wanted = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError,
            RecursionError) as error:  # fmt: skip
        return f'its header is no table of tensors ({type(error).__name__})'
    if wanted > size:
        return f'its header wants {wanted} bytes, the file has {size}'
    return ''
