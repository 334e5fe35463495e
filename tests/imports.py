"""What Python files import, read without running them."""

import ast
from pathlib import Path
from typing import NamedTuple


class Import(NamedTuple):
    """One imported module.

    Attributes:
        file: Who imports, relative to the root.
        line: Where.
        importer: Its dotted name; a package's for an `__init__.py`.
        module: What is imported, absolute. For `from a import b` that is
            `a.b` where this is a module of the root, else `a`.
    """

    file: Path
    line: int
    importer: str
    module: str


def list_python_files(root, folder):
    """Files below `root`/`folder`, relative to `root`; no hidden folder."""
    found = (path.relative_to(root) for path in (root / folder).rglob('*.py'))
    return sorted(
        path
        for path in found
        if not any(part.startswith('.') for part in path.parts)
    )


def read_imports(root, folder):
    """All imports of the files below `root`/`folder`, in functions too."""
    files = list_python_files(root, folder)
    modules = {dotted(file) for file in files}
    found = []
    for file in files:
        for node in ast.walk(ast.parse((root / file).read_text())):
            for module in _imported(node, file, modules):
                found.append(Import(file, node.lineno, dotted(file), module))
    return found


def dotted(file):
    """The module's name, the package's for an `__init__.py`."""
    parts = file.with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def _imported(node, file, modules):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ''
    if node.level:
        package = file.parent.parts
        package = package[: len(package) + 1 - node.level]
        base = '.'.join([*package, *filter(None, [node.module])])
    names = [f'{base}.{alias.name}' for alias in node.names]
    return [name if name in modules else base for name in names]
