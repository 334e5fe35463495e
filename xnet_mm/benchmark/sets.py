"""The sets of configs/benchmark.yml: which models one table compares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mmseg
from mmengine.config import Config

from ..fileio.config_file import load_config_file
from .transformers_model import TransformersModel

FORMS = (
    'a path below configs/, {mmseg: a path below its configs/}, or '
    '{transformers: a class, config: its arguments}'
)


def set_configs(
    chosen: Mapping[str, Any], folder: Path, names: Sequence[str] | None = None
) -> dict[str, Config]:
    """Name -> config, of a set's models.

    Args:
        chosen: `models`, and `options` for some of them, as in
            configs/benchmark.yml.
        folder: of our configs.
        names: which of the models, in this order; all if None.

    Raises:
        SystemExit: a name that the set has not, or a model in another form.
    """
    models = chosen['models']
    for name in names or ():
        if name not in models:
            raise SystemExit(
                f'--names {name!r}: the set has no such model; wanted some '
                f'of {", ".join(map(repr, models))}'
            )
    configs = {}
    for name in names or models:
        cfg = _read(name, models[name], folder)
        cfg.merge_from_dict(chosen.get('options', {}).get(name, {}))
        configs[name] = cfg
    return configs


def _read(name: str, source: Any, folder: Path) -> Config:
    if isinstance(source, str):
        return load_config_file(str(folder / source))
    keys = {*source} if isinstance(source, Mapping) else set()
    if keys == {'mmseg'}:
        shipped = Path(mmseg.__file__).parent / '.mim' / 'configs'
        return load_config_file(str(shipped / source['mmseg']))
    if keys == {'transformers', 'config'}:
        model = dict(
            type=TransformersModel,
            name=source['transformers'],
            config=source['config'],
        )
        return Config(dict(model=model))
    raise SystemExit(f'{name}: {source!r}; wanted {FORMS}')
