"""The shipped configs, for all tests that read them."""

import ast
from pathlib import Path

from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
BASES = CONFIGS / '_base_'
FILES = sorted(CONFIGS.rglob('*.py'))
MISSING = '-'  # of a key that a config has not
LEAVES = [path for path in FILES if BASES not in path.parents]


def load(config: str) -> Config:
    """A config by its path below configs/."""
    return Config.fromfile(CONFIGS / config)


def parents(path: Path) -> list[Path]:
    """The files that `_base_` of one config file names."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == '_base_':
            names = ast.literal_eval(node.value)
            names = [names] if isinstance(names, str) else names
            return [(path.parent / name).resolve() for name in names]
    return []


def chain(path: Path) -> list[Path]:
    """A config file and all that it inherits from, each once."""
    files = [path]
    for parent in parents(path):
        files += [file for file in chain(parent) if file not in files]
    return files


def find(pipeline: list[dict], transform: str) -> dict:
    """The one transform of that name, or of its counterpart for depth."""
    names = (transform, f'xnet_mm.Depth{transform}')
    (found,) = [t for t in pipeline if t['type'] in names]
    return found


def flat(node: object, prefix: str = '') -> dict[str, object]:
    """Nested dicts -> {'a.b': value}; lists are values."""
    if not isinstance(node, dict):
        return {prefix: node}
    leaves = {}
    for key, value in node.items():
        leaves |= flat(value, f'{prefix}.{key}' if prefix else key)
    return leaves


def differences(a: Config, b: Config) -> dict[str, tuple]:
    """Keys that differ -> what each of two configs has there."""
    a, b = flat(a._cfg_dict.to_dict()), flat(b._cfg_dict.to_dict())
    return {
        key: (a.get(key, MISSING), b.get(key, MISSING))
        for key in {*a, *b}
        if a.get(key, MISSING) != b.get(key, MISSING)
    }
