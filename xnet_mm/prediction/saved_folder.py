"""The folder of a shared model: written whole, and read as data.

`config.json` (see `saved_config.py`), `model.safetensors`, and a README.md
for people. Nothing else in it is looked at, whatever its config says.
"""

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_parameter_registration_hook,
)

from ..fileio.atomic import HOST, lives
from ..fileio.safetensors_file import load_safetensors
from .saved_config import read_saved

CONFIG, WEIGHTS, CARD = 'config.json', 'model.safetensors', 'README.md'
FILES = (CONFIG, WEIGHTS, CARD)
STAGING = '.saving-'
AGAIN = 'Get the folder again from its source.'
# What a config may ask for beyond the weights that come with it: boxes that
# are built and dropped again (a classifier's last layer, proofs of a split).
MORE_NUMBERS, MORE_TENSORS = 100_000_000, 2000
TIMES = 4


def is_saved(folder: Path) -> bool:
    """Whether `save_pretrained` wrote this folder, by the look of it."""
    return (folder / CONFIG).exists() or (folder / WEIGHTS).exists()


def read_folder(
    folder: Path, root: Path | None = None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The config and the tensors of a shared model.

    Args:
        folder: that `save_pretrained` wrote.
        root: where its files may really lie, if they are links: the hub's
            cache keeps them beside the folder. By default in the folder.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, leads elsewhere, or says more than a
            shared model may.
    """
    inside = (root or folder).resolve()
    for name in (CONFIG, WEIGHTS):
        path = folder / name
        if not path.resolve().is_relative_to(inside):
            raise ValueError(
                f'{path} is a link to {path.resolve()}, outside of the '
                'folder: nothing was read. Ask for a folder that holds its '
                'own files.'
            )
        if not path.is_file():
            raise FileNotFoundError(
                f'{path}: no such file; a folder that save_pretrained wrote '
                f'has {CONFIG} and {WEIGHTS}. {AGAIN}'
            )
    config = read_saved(folder / CONFIG)
    return config, load_safetensors(folder / WEIGHTS)


@contextmanager
def no_larger_than(state: dict[str, Tensor], folder: Path) -> Iterator[None]:
    """Within it no model is built that is far larger than its weights.

    A width of some thousands, typed into a config, asks for more memory than
    there is; it is refused at the first parameter that is too much.

    Args:
        state: the weights that came with the config.
        folder: of both, for the error.

    Raises:
        ValueError: a larger model, or one that cannot be built at all.
    """
    name, weights = folder / CONFIG, str(folder / WEIGHTS)
    numbers = TIMES * sum(t.numel() for t in state.values()) + MORE_NUMBERS
    tensors = TIMES * len(state) + MORE_TENSORS
    own = threading.get_ident()
    count = [0, 0]

    def look(module: nn.Module, key: str, value: Any) -> None:
        if threading.get_ident() == own and isinstance(value, Tensor):
            count[0] += value.numel()
            count[1] += 1
            if count[0] > numbers or count[1] > tensors:
                raise MemoryError('its model is far larger than its weights')

    handle = register_module_parameter_registration_hook(look)
    try:
        yield
    except ImportError:  # a package that is missing, and says how to get it
        raise
    except Exception as error:
        # What is wrong with the weights names their file already.
        if isinstance(error, ValueError) and weights in str(error):
            raise
        text = ' '.join(str(error).split())[:200] or type(error).__name__
        raise ValueError(
            f'{name}: no model can be built of it ({text}). {AGAIN}'
        ) from error
    finally:
        handle.remove()


def check_tensors(
    model: nn.Module, state: dict[str, Tensor], name: str
) -> None:
    """Want the very tensors that the model has, no conversion.

    Raises:
        ValueError: other names, shapes or types; names some.
    """
    own = model.state_dict()
    wrong = [f'{key} is missing' for key in own if key not in state]
    wrong += [f'{key} is unknown' for key in state if key not in own]
    wrong += [
        f'{key} is {_form(state[key])}, wanted {_form(own[key])}'
        for key in own
        if key in state and _form(state[key]) != _form(own[key])
    ]
    if wrong:
        more = f'; ... ({len(wrong)} in all)' if len(wrong) > 4 else ''
        raise ValueError(
            f'{name} does not hold the weights of its {CONFIG}: '
            f'{"; ".join(wrong[:4])}{more}. {AGAIN}'
        )


def _form(tensor: Tensor) -> str:
    return f'{tuple(tensor.shape)} {str(tensor.dtype).removeprefix("torch.")}'


def write_folder(
    folder: Path, config: dict[str, Any], state: dict[str, Tensor], card: str
) -> None:
    """Write a shared model; what is there of an earlier one is replaced.

    The three files are written elsewhere in the folder and then renamed,
    `config.json` last: a folder without it is none, so that a kill leaves the
    old model, or the new one, or a folder that `load` refuses.

    Args:
        folder: made as needed; other files in it stay.
        config: of `config.json`.
        state: name -> tensor, on any device.
        card: the text of README.md.

    Raises:
        FileExistsError: `folder` is a file.
        OSError: the disk is full, ...
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f'{STAGING}{HOST}-*'):  # of a killed process
        pid = left.name.removeprefix(f'{STAGING}{HOST}-').split('-')[0]
        if pid.isdigit() and not lives(pid):
            shutil.rmtree(left, ignore_errors=True)
    prefix = f'{STAGING}{HOST}-{os.getpid()}-'
    staging = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        tensors = {
            key: value.detach().cpu().contiguous().clone()  # none shared
            for key, value in state.items()
        }
        save_file(tensors, staging / WEIGHTS, metadata=dict(format='pt'))
        text = _as_text(config) + '\n'
        (staging / CONFIG).write_text(text, encoding='utf-8')
        (staging / CARD).write_text(card, encoding='utf-8')
        for name in FILES:
            with (staging / name).open('rb') as file:
                os.fsync(file.fileno())  # no rename may overtake the data
        (folder / CONFIG).unlink(missing_ok=True)
        for name in (WEIGHTS, CARD, CONFIG):
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _as_text(value: Any, margin: str = '') -> str:
    """JSON that people can read: an entry a line, short lists in one."""
    is_dict, deeper = isinstance(value, dict), margin + '  '
    if is_dict and value:
        entries = [
            f'{json.dumps(key)}: {_as_text(child, deeper)}'
            for key, child in value.items()
        ]
    elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
        entries = [_as_text(child, deeper) for child in value]
    else:
        return json.dumps(value, allow_nan=False)
    inside = f',\n{deeper}'.join(entries)
    start, end = '{}' if is_dict else '[]'
    return f'{start}\n{deeper}{inside}\n{margin}{end}'
