"""`python -m xnet_mm TOOL ...`: the tools, from a clone or a wheel alike."""

import ast
import runpy
import sys
from difflib import get_close_matches
from pathlib import Path

from . import check
from .paths import PACKAGE, tools_dir

USAGE = """\
usage: python -m xnet_mm TOOL ...

TOOL --help says more. A config of the package may be given by its short name,
as camvid/xnet_effnet-lite0_effnet-lite0_1xb4.

tools:
"""
# Tool -> the page of a clone that it writes: no use to who has a wheel.
FOR_A_CLONE = dict(
    config_table='configs/README.md', families_table='docs/families.md'
)


def tools() -> dict[str, Path]:
    """Name -> file of each tool, those in the first folder first.

    Raises:
        FileNotFoundError: the package was installed without them.
    """
    root = tools_dir()
    files = sorted(
        root.rglob('*.py'), key=lambda path: (len(path.parts), path)
    )
    return {
        path.relative_to(root).with_suffix('').as_posix(): path
        for path in files
    }


def summary(source: str) -> str:
    """The first sentence of a module's docstring, without its usage."""
    line = (ast.get_docstring(ast.parse(source)) or '').split('\n')[0]
    return line.split(': python ')[0].removesuffix('.')


def is_wheel() -> bool:
    """Whether the tools are those of an installed package, not a clone's."""
    return tools_dir().parent.name == '.mim'


def listing() -> str:
    """What `python -m xnet_mm` prints."""
    files = {
        name: path.read_text('utf-8')
        for name, path in tools().items()
        if not (is_wheel() and name in FOR_A_CLONE)
    }
    files['check'] = Path(check.__file__).read_text('utf-8')
    width = max(map(len, files))
    lines = [
        f'  {name:{width}}  {summary(text)}\n' for name, text in files.items()
    ]
    return USAGE + ''.join(lines)


def main() -> None:
    """Run a tool in this process, as if its file had been called."""
    name = sys.argv[1] if len(sys.argv) > 1 else ''
    if name in ('', '-h', '--help'):
        print(listing(), end='')
        return
    if name == 'check':
        sys.exit(check.main())
    known = tools()
    if name not in known:
        close = get_close_matches(name, [*known, 'check'], n=3)
        hint = f' Did you mean {", ".join(close)}?' if close else ''
        sys.exit(
            f'No tool {name!r}.{hint} `python -m xnet_mm` lists all of them.'
        )
    if is_wheel() and name in FOR_A_CLONE:
        sys.exit(
            f'{name} writes {FOR_A_CLONE[name]} of a clone, and {PACKAGE} is '
            'an installed package: run it in a clone.'
        )
    file = str(known[name])
    sys.argv = [file, *sys.argv[2:]]
    runpy.run_path(file, run_name='__main__')


if __name__ == '__main__':
    main()
