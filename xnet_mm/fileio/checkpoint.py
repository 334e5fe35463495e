"""The one reader of checkpoints: as data, and whole, or one clear error.

A checkpoint is a pickle, and a pickle is a program. Here a file gives
tensors, plain containers, numpy numbers and log histories, or is refused;
`checkpoint_schemes.py` makes MMEngine's own tools read by it too.
"""

import math
import os
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from .pickle_imports import foreign_types, is_zip
from .plain_config import drop_foreign_configs
from .plain_pickle import finish
from .safetensors_file import load_safetensors
from .unpickling import read_plain

TRUSTED = 'XNET_MM_TRUSTED_CHECKPOINTS'
AGAIN = 'Get the file again from its source, or take the checkpoint before it.'
NOT_DATA = 'it asks for what no checkpoint holds, to run code perhaps'
MapLocation = str | torch.device | Callable | dict | None


def load_checkpoint_file(
    path: str | Path, map_location: MapLocation = 'cpu', name: str = ''
) -> dict:
    """Read a checkpoint; nothing in it runs code.

    Args:
        path: Of a .pth or .safetensors file.
        map_location: Where tensors go, as of `torch.load`.
        name: Of the file in errors, where it came from elsewhere.

    Returns:
        What was saved, a dict. Texts of configs that MMEngine would execute
        are left out unless they are plain data.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, no checkpoint, or wants to run code.
    """
    path = Path(path).expanduser()
    name = name or str(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'{name}: no such checkpoint (looked in {Path.cwd()}). Give the '
            'path of an existing .pth or .safetensors file.'
        )
    _refuse_what_is_none(path, name)
    if path.suffix == '.safetensors':
        content: Any = load_safetensors(path, name)
        return _move(content, map_location)
    if _is_trusted(path):
        content = _read_trusted(path, name, map_location)
    else:
        content = _read(path, name, map_location)
    check_content(content, name)
    drop_foreign_configs(content, name)
    return content


def check_content(content: Any, name: str) -> None:
    """Look whether it is what MMEngine takes a checkpoint to be.

    Raises:
        ValueError: it is not; names the part.
    """
    wrong = ''
    if not isinstance(content, dict):
        wrong = f'a {_kind(content)}, wanted a dict with a state_dict'
    else:
        for key in ('state_dict', 'meta', 'message_hub', 'ema_state_dict'):
            if key in content and not isinstance(content[key], dict):
                wrong = f'{key}={_kind(content[key])}, wanted a dict'
        for key in ('state_dict', 'ema_state_dict'):
            wrong = wrong or _wrong_entry(content.get(key) or {}, key)
        wrong = wrong or _wrong_meta(content.get('meta') or {})
    if wrong:
        raise ValueError(f'{name} is no checkpoint: it holds {wrong}. {AGAIN}')


def _wrong_entry(state: dict, key: str) -> str:
    for entry, value in state.items():
        if not isinstance(entry, str):
            return f'{key} with the name {entry!r:.40}, wanted a text'
        if entry.endswith('_extra_state'):  # of a module's own, any data
            continue
        kind = _kind(value)
        if isinstance(value, Tensor):
            kind = 'tensor without values' if value.is_meta else ''
            if value.layout != torch.strided or value.is_quantized:
                kind = 'sparse or quantized tensor'
        if kind:
            return f'{key}[{entry!r}] = a {kind}, wanted a tensor'
    return ''


def _wrong_meta(meta: dict) -> str:
    """What is said of the training data, where it is of another type."""
    data = meta.get('dataset_meta')
    if data is None:
        return ''
    if not isinstance(data, dict):
        return f"meta['dataset_meta']={_kind(data)}, wanted a dict"
    classes, depth = data.get('classes'), data.get('max_depth', 1)
    if classes is not None and not (
        isinstance(classes, list | tuple)
        and all(isinstance(name, str) for name in classes)
    ):
        return f'classes={classes!r:.40}, wanted a list of names'
    if isinstance(depth, bool) or not (
        isinstance(depth, int | float) and 0 < depth < math.inf
    ):
        return f'max_depth={depth!r:.40}, wanted metres'
    return ''


def _kind(value: Any) -> str:
    return 'None' if value is None else type(value).__name__


def _refuse_what_is_none(path: Path, name: str) -> None:
    """The files that are no checkpoint at first sight.

    Raises:
        ValueError: with what it is.
    """
    with path.open('rb') as file:
        head = file.read(64)
    if not head:
        raise ValueError(f'{name} is empty (0 bytes). {AGAIN}')
    if path.suffix == '.safetensors':
        return
    if head.startswith(b'version https://git-lfs'):
        raise ValueError(
            f'{name} is a pointer of Git LFS, not the file: `git lfs pull`.'
        )
    text = head.lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    if text.startswith((b'<!doctype', b'<html', b'<?xml')):
        raise ValueError(
            f'{name} is a web page, not a checkpoint: the download went '
            f'wrong. {AGAIN}'
        )
    if is_zip(path):
        _check_archive(path, name)


def _check_archive(path: Path, name: str) -> None:
    """What `torch.load` does not look at: kind, compression, check sums.

    Raises:
        ValueError: with what is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            is_packed = any(e.compress_type for e in entries)
            # A packed one may be a bomb: not opened.
            broken = None if is_packed else archive.testzip()
    except Exception as error:
        raise ValueError(
            f'{name} cannot be read as a checkpoint: it is damaged or cut '
            f'short ({type(error).__name__}: {_short(error)}). {AGAIN}'
        ) from error
    if any(e.filename.endswith('/constants.pkl') for e in entries):
        raise ValueError(
            f'{name} is a program (TorchScript or an exported model), wanted '
            'a checkpoint: the .pth file that training wrote.'
        )
    if is_packed:
        raise ValueError(
            f'{name} is a compressed zip file; torch.save writes none. Unpack '
            'it: the checkpoint is what it holds.'
        )
    if broken:
        raise ValueError(
            f'{name} is damaged: the check sum of {broken!r:.80} in it is '
            f'another. {AGAIN}'
        )


def _is_trusted(path: Path) -> bool:
    trusted = os.environ.get(TRUSTED, '').split(os.pathsep)
    return os.path.realpath(path) in [
        os.path.realpath(os.path.expanduser(t)) for t in trusted if t
    ]


def _read_trusted(path: Path, name: str, map_location: MapLocation) -> Any:
    print_log(
        f'{TRUSTED} names {name}: read by ordinary pickle, which runs '
        'whatever code it holds.',
        logger='current',
        level=30,
    )
    try:
        return torch.load(path, map_location=map_location, weights_only=False)
    except Exception as error:
        raise ValueError(
            f'{name} cannot be read, though {TRUSTED} names it '
            f'({type(error).__name__}: {_short(error)}). {AGAIN}'
        ) from error


def _read(path: Path, name: str, map_location: MapLocation) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of a pickle's protocol
            content = read_plain(path, map_location)
        content, tensors = finish(content)
    except Exception as error:  # a hostile pickle raises anything
        foreign = foreign_types(path)
        if foreign:
            raise ValueError(
                f'{name} was refused: it asks for {", ".join(foreign)}, '
                'and a pickle that asks for more than tensors and plain data '
                'would run code (refused). Have its author save a state dict, '
                'best as .safetensors. If you trust whoever wrote it, set '
                f'{TRUSTED}={os.path.realpath(path)} and run again.'
            ) from error
        raise ValueError(
            f'{name} cannot be read as a checkpoint: it is damaged, cut '
            'short, or something else '
            f'({type(error).__name__}: {_short(error) or NOT_DATA}). {AGAIN}'
        ) from error
    storages = {
        s.data_ptr(): s.nbytes()
        for s in (t.untyped_storage() for t in tensors if not t.is_sparse)
        if s.device.type != 'meta'
    }
    if sum(storages.values()) > path.stat().st_size:
        raise ValueError(
            f'{name} is damaged: its tensors would take '
            f'{sum(storages.values())} bytes, the file has '
            f'{path.stat().st_size}. {AGAIN}'
        )
    return content


def _short(error: Exception) -> str:
    """The cause without PyTorch's advice to load it unsafely."""
    text = ' '.join(str(error).split())
    for advice in (
        r'Weights only load failed\.',
        r'In PyTorch 2\.6, .*? trusted source\.',
        r'(\(1\)|\(2\)|Please file an issue|Check the documentation).*',
        r'``?weights_only=True``? with',
    ):
        text = re.sub(advice, '', text)
    return text.strip()[:200]


def _move(content: dict, map_location: MapLocation) -> dict:
    if callable(map_location) or map_location in (None, 'cpu'):
        return content
    return {k: v.to(map_location) for k, v in content.items()}
