"""Who imports whom: upwards never, in circles never; `models` is plain."""

import re
from pathlib import Path

import pytest
from imports import list_python_files, read_imports

ROOT = Path(__file__).resolve().parents[1]
# Each room imports from its own row and from those above it.
FLOORS = (
    ('registry', 'version', 'paths', 'stack', 'checks', 'errors', 'compat'),
    ('fileio', 'arguments'),
    ('models',),
    ('datasets', 'evaluation', 'visualization', 'fast', 'engine'),
    ('prediction', 'export', 'benchmark', 'ablation', 'judge', 'report'),
    ('fit', 'app'),
    ('moved', 'check', '__main__', ''),  # '': xnet_mm/__init__.py
)
FLOOR = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
ROOF = FLOORS[-1]
# Speed, and what only speed needs, is the business of `fast`.
FAST_WORDS = re.compile(
    r'is_cuda|is_compiling|is_tracing|torch\.jit|PIECE|probe:|out:'
)


def room_of(module):
    """First part below `xnet_mm`; '' for the package itself."""
    return module.partition('.')[2].partition('.')[0]


def rule_against(importer, imported):
    """The rule that an import between two rooms breaks; '' if none."""
    if importer == imported:
        return ''
    for room in (importer, imported):
        if room not in FLOOR:
            return f'{room} is not in FLOORS: say where it belongs'
    if imported == 'engine' and importer not in ROOF:
        return 'only tools, xnet_mm/__init__.py and check.py import engine'
    if imported == 'models' and importer in ('datasets', 'evaluation'):
        return f'{importer} knows no models'
    if FLOOR[importer] < FLOOR[imported]:
        return f'{importer} lies below {imported or "the package"}'
    return ''


def find_cycle(edges):
    """Names in a circle, the first one again at the end; [] without one."""
    done = set()

    def visit(node, path):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for successor in sorted(edges.get(node, ())):
            cycle = visit(successor, [*path, node])
            if cycle:
                return cycle
        done.add(node)
        return []

    return next(filter(None, (visit(node, []) for node in sorted(edges))), [])


def graph(imports, name=lambda module: module):
    edges = {}
    for i in imports:
        importer, imported = name(i.importer), name(i.module)
        if importer != imported:
            edges.setdefault(importer, set()).add(imported)
    return edges


def problems(root):
    """A line for each broken rule."""
    imports = [
        i
        for i in read_imports(root, 'xnet_mm')
        if i.module.split('.')[0] == 'xnet_mm'
    ]
    found = []
    for i in imports:
        rule = rule_against(room_of(i.importer), room_of(i.module))
        if rule:
            found.append(f'{i.file}:{i.line}: imports {i.module}: {rule}')
    for what, edges in (
        ('packages', graph(imports, room_of)),
        ('modules', graph(imports)),
    ):
        cycle = find_cycle(edges)
        if cycle:
            circle = ' -> '.join(name or 'xnet_mm' for name in cycle)
            found.append(f'{what} in a circle: {circle}')
    for file in list_python_files(root, 'xnet_mm/models'):
        for number, line in enumerate(
            (root / file).read_text().splitlines(), 1
        ):
            word = FAST_WORDS.search(line)
            if word:
                found.append(
                    f'{file}:{number}: `{word.group()}`: models are plain, '
                    'what makes them fast is in fast'
                )
    return found


def test_rules_are_kept():
    found = problems(ROOT)
    assert not found, '\n'.join(['broken rules:', *found])


@pytest.fixture
def tree(tmp_path):
    """A package that keeps all rules; write more files into it."""

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / 'xnet_mm' / f'{name.replace("__", "/")}.py'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for folder in {p.parent for p in tmp_path.rglob('*.py')}:
            (folder / '__init__.py').touch()
        return tmp_path

    write(
        check='def f():\n    from . import engine, models',
        models__reshape='from ..registry import MODELS\nimport torch',
        models__heads='from .reshape import ReShape',
        fast__pfp='from ..models.reshape import ReShape',
        engine__hook='from ..fast import pfp\nfrom ..fileio import atomic',
        fileio__atomic='import os',
        registry='import mmengine.registry',
        benchmark__subject='from xnet_mm.models import heads\n'
        'from ..export import model',
        export__model='from .. import version',
        version='',
    )
    return write


def test_a_tree_without_fault(tree):
    assert problems(tree()) == []


@pytest.mark.parametrize(
    ('file', 'text', 'message'),
    [
        (
            *('models__x', '\ndef f():\n    from ..fast.pfp import g'),
            'xnet_mm/models/x.py:3: imports xnet_mm.fast.pfp: models lies '
            'below fast',
        ),
        (
            *('datasets__x', 'from ..models import heads'),
            'xnet_mm/datasets/x.py:1: imports xnet_mm.models.heads: datasets '
            'knows no models',
        ),
        (
            *('evaluation__x', 'import xnet_mm.models.heads as h'),
            'xnet_mm/evaluation/x.py:1: imports xnet_mm.models.heads: '
            'evaluation knows no models',
        ),
        (
            *('benchmark__x', 'from xnet_mm.engine import hook'),
            'xnet_mm/benchmark/x.py:1: imports xnet_mm.engine.hook: only '
            'tools, xnet_mm/__init__.py and check.py import engine',
        ),
        (
            *('fast__deep__x', 'from ...engine import Hook'),
            'xnet_mm/fast/deep/x.py:1: imports xnet_mm.engine: only tools, '
            'xnet_mm/__init__.py and check.py import engine',
        ),
        (
            *('fileio__x', 'if 1:\n    from ..datasets import y'),
            'xnet_mm/fileio/x.py:2: imports xnet_mm.datasets: fileio lies '
            'below datasets',
        ),
        (
            *('models__x', 'from .. import __version__'),
            'xnet_mm/models/x.py:1: imports xnet_mm: models lies below the '
            'package',
        ),
        (
            *('kitchen__x', 'from ..fileio import atomic'),
            'xnet_mm/kitchen/x.py:1: imports xnet_mm.fileio.atomic: kitchen '
            'is not in FLOORS: say where it belongs',
        ),
        (
            *('models__x', 'def f(x, out: int):\n    return x.is_cuda'),
            'xnet_mm/models/x.py:1: `out:`: models are plain, what makes '
            'them fast is in fast',
        ),
        (
            *('export__model', 'from ..benchmark import subject'),
            'packages in a circle: benchmark -> export -> benchmark',
        ),
        (
            *('models__reshape', 'from .heads import PFPHead'),
            'modules in a circle: xnet_mm.models.heads -> '
            'xnet_mm.models.reshape -> xnet_mm.models.heads',
        ),
    ],
)
def test_a_planted_fault_is_found(tree, file, text, message):
    assert message in problems(tree(**{file: text}))


def test_a_longer_circle():
    assert find_cycle({'a': {'b', 'd'}, 'b': {'c'}, 'c': {'b'}}) == [
        *('b', 'c', 'b')
    ]
    assert find_cycle({'a': {'b', 'c'}, 'b': {'c'}, 'c': {'d'}}) == []
