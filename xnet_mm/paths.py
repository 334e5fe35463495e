"""Where the configs and tools are, with a clone or without one."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


class ConfigPath(type(Path())):  # type: ignore[misc]
    """A path that may stand in a `_base_`.

    MMEngine asks there whether the base holds a `::`, which text can answer
    and a path cannot. What is joined to it by `/` is one again.
    """

    def __contains__(self, text: str) -> bool:
        """Whether the path, as text, holds this."""
        return text in str(self)


def configs_dir() -> Path:
    """The folder of the shipped configs, also for a `_base_`.

    MMEngine evaluates the `_base_` of a config before its other lines, so
    that an import has to stand within:
    `_base_ = [__import__('xnet_mm').configs_dir() / 'camvid/NAME.py']`.

    Raises:
        FileNotFoundError: neither installed with configs nor in a clone.
    """
    return ConfigPath(_shipped('configs'))


def tools_dir() -> Path:
    """The folder of the shipped tools: `train.py`, `test.py`, ...

    Raises:
        FileNotFoundError: neither installed with tools nor in a clone.
    """
    return _shipped('tools')


def find_config(name: str) -> Path | None:
    """The shipped config of a short name, as `camvid/xnet_effnet-lite0_...`.

    Args:
        name: Its path below the folder of configs, with or without
            `configs/` and `.py`. Of `FOLDER/STEM` the beginning of the stem
            is enough where no other config has it.

    Returns:
        Its path, or None where none or more than one has that name. Bases
        are not configs.
    """
    found = configs_named(name)
    return found[0] if len(found) == 1 else None


def configs_named(name: str) -> list[Path]:
    """All shipped configs that a short name may mean, see `find_config`."""
    try:
        root = configs_dir()
    except FileNotFoundError:
        return []
    short = name.removeprefix('configs/').removesuffix('.py')
    folder, _, stem = short.rpartition('/')
    if not folder or not stem or folder.startswith(('/', '_', '.')):
        return []
    found = {path.stem: path for path in (root / folder).glob('*.py')}
    if stem in found:
        return [Path(found[stem])]
    if name.endswith('.py'):  # a whole name
        return []
    begun = [known for known in sorted(found) if known.startswith(stem)]
    return [Path(found[known]) for known in begun]


def _shipped(name: str) -> Path:
    places = [PACKAGE / '.mim' / name]
    # A clone that was never installed has them beside the package. So may
    # site-packages have a `tools` of somebody else: setup.py tells a clone.
    if (PACKAGE.parent / 'setup.py').is_file():
        places.append(PACKAGE.parent / name)
    for place in places:
        if place.is_dir():
            return place.resolve()
    raise FileNotFoundError(
        f'The {name} of xnet_mm are not here: looked for '
        f'{" and ".join(map(str, places))}. Install the package again from '
        'a full clone, sdist or wheel: `pip install --force-reinstall '
        '--no-deps .`'
    )
