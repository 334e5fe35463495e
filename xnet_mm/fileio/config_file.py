"""Configs of our tools: `.py` is code by design, `.yml` and `.json` are data.

MMEngine imports and calls what a `type` with dots names, in every format, and
a YAML file may inherit from a Python one. A config that is not `.py` may
name registered classes and those of the OpenMMLab packages, and inherit from
their configs and from data.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from traceback import walk_tb
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from ..paths import configs_dir
from .plain_config import PACKAGES, foreign_names
from .yaml_handler import PlainYamlError, PlainYamlHandler

DATA = ('.yml', '.yaml', '.json')
# What MMEngine replaces in the text before it is parsed: a variable of the
# environment with a default, a name of its own, a value of the base.
REPLACED = re.compile(
    r"""\s*['"]?\s*"""
    r'(?:\$\w+\s*:\s*[\w./~+-]*|\w+|_base_\.[\w.]+)'
    r"""\s*['"]?\s*"""
)
PLACEHOLDER = 'replaced.by.mmengine'


def load_config_file(path: str | Path) -> Config:
    """Read a config of any format.

    Args:
        path: Of a .py file, which is run, or of a .yml, .yaml or .json file,
            which is not.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: data that is damaged, or that would run code.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'config not found: {path}')
    if path.suffix == '.py':
        try:
            return Config.fromfile(path)
        except PlainYamlError as error:  # of a base; MMEngine hides its name
            read = [
                name
                for frame, _ in walk_tb(error.__traceback__)
                for name in [str(frame.f_locals.get('filename'))]
                if Path(name).is_file()  # its copies are gone by now
            ]
            raise ValueError(f'{read[-1]}{error.problem}') from error
    if path.suffix not in DATA:
        raise ValueError(
            f'{path}: a config is a .py, .yml, .yaml or .json file.'
        )
    _check_data(path)
    try:
        cfg = Config.fromfile(path, import_custom_modules=False)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f'{path}: {_one_line(error)}') from error
    foreign = [*foreign_names(cfg.to_dict())]
    if foreign:
        raise ValueError(
            f'{path}: a config that is data would run code: '
            f'{", ".join(foreign[:4])}. Allowed are registered names and '
            f'classes of {", ".join(PACKAGES)} and torch.nn. For anything '
            'else write the config as .py, which is code and says so.'
        )
    imports = cfg.get('custom_imports')
    if imports:
        import_modules_from_strings(**imports)
    return cfg


def _check_data(path: Path, above: tuple[Path, ...] = ()) -> None:
    """Look where a file inherits from, before MMEngine reads it.

    Raises:
        ValueError: from Python outside of the packages, or from itself.
    """
    path = path.resolve()
    if path in above:
        raise ValueError(f'{path} inherits from itself.')
    for base in _bases(path):
        if '::' in base:
            if base.split('::')[0] in PACKAGES:
                continue
        elif base.endswith(DATA):
            _check_data(path.parent / base, (*above, path))
            continue
        elif _is_shipped(path.parent / base):
            continue
        raise ValueError(
            f'{path} inherits from {base!r:.100}, which is code: a config '
            'that is data inherits from .yml and .json, and from the .py '
            'configs that are installed with an OpenMMLab package. Write '
            'this one as .py, or copy the values.'
        )


def _bases(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f'{path} cannot be read: {error}.') from error
    for inside in re.findall(r'\{\{(.*?)\}\}', text):
        if not REPLACED.fullmatch(inside):
            raise ValueError(
                f'{path}: {{{{{inside[:60]}}}}} is more than a name with a '
                'plain default.'
            )
    text = re.sub(r'\{\{.*?\}\}', PLACEHOLDER, text)
    try:
        content = _parse(path, text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: {_one_line(error)}') from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ValueError(f'{path} holds a {kind}, wanted names and values.')
    bases = content.get('_base_') or []
    return [str(b) for b in ([bases] if isinstance(bases, str) else bases)]


def _parse(path: Path, text: str) -> Any:
    if path.suffix == '.json':
        return json.loads(text)
    return PlainYamlHandler().load_from_fileobj(io.StringIO(text))


def _is_shipped(path: Path) -> bool:
    """Whether a config came with a package."""
    path = path.resolve()
    return any(path.is_relative_to(folder) for folder in _folders())


def _folders() -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield configs_dir()
    for package in PACKAGES:
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or []:
            yield Path(place).resolve()


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())[:300]
