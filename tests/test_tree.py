"""The tests mirror the package, and no file is long.

`xnet_mm/a/b.py` is tested by `tests/test_a/test_b.py` or, where that would
be too long, by several `tests/test_a/test_b_ASPECT.py`; `tools/a/b.py` by
`tests/test_tools/test_a/test_b.py`. What tests configs is in
`tests/test_configs/`, what drives other people's programs (MMSegmentation's
scripts, MIM) with this package in `tests/test_clients/`; helpers lie
directly in `tests/`. `tests/campaign/` is a program of its own,
`tests/stacks/` makes environments.
"""

from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 300
# One file to copy to a machine that has not this package.
LONG = {'tools/predict_exported.py': 495}
CONFIGS = Path('tests/test_configs')
CLIENTS = Path('tests/test_clients')
CAMPAIGN = Path('tests/campaign')
STACKS = Path('tests/stacks')
EXCEPTIONS = {
    'xnet_mm/version.py': 'one constant',
    'tests/test_tree.py': 'the repository: this file',
    'tests/test_imports.py': 'the repository: who imports whom',
    'tests/test_packaging.py': 'the repository: wheel and sdist',
    'tests/test_readme.py': 'the repository: the first page',
    'tests/test_docs.py': 'the repository: links and paths',
    'tests/test_campaign.py': 'the tools, from outside',
}


def list_files(root, folder, pattern='*.py'):
    """Files below `root`/`folder`, relative to `root`; no hidden folder."""
    found = (p.relative_to(root) for p in (root / folder).rglob(pattern))
    return sorted(
        path
        for path in found
        if not any(part.startswith(('.', '__pycache')) for part in path.parts)
    )


def list_modules(root):
    """What needs a test; packages' `__init__.py` only import and register."""
    return [
        path
        for folder in ('xnet_mm', 'tools')
        for path in list_files(root, folder)
        if path.name != '__init__.py' and path.as_posix() not in EXCEPTIONS
    ]


def list_tests(root):
    """What needs a module."""
    return [
        path
        for path in list_files(root, 'tests', 'test_*.py')
        if not {CONFIGS, CLIENTS} & {*path.parents}
        and path.as_posix() not in EXCEPTIONS
    ]


def folder_of_tests(module):
    """Where the tests of a module are."""
    room, *folders = module.parent.parts
    if room == 'tools':
        folders = ['tools', *folders]
    return Path('tests', *(f'test_{folder}' for folder in folders))


def compare(root):
    """The modules without a test, and the tests without a module."""
    modules = defaultdict(dict)  # folder of tests -> 'test_b' -> module
    for module in list_modules(root):
        modules[folder_of_tests(module)][f'test_{module.stem}'] = module
    untested, orphans = set(list_modules(root)), []
    for test in list_tests(root):
        # test_depth_io.py is that of depth_io.py, not an aspect of depth.py.
        names = [
            name
            for name in modules[test.parent]
            if test.stem == name or test.stem.startswith(f'{name}_')
        ]
        if names:
            tested = modules[test.parent][max(names, key=len)]
            untested.discard(tested)
        else:
            orphans.append(test)
    return sorted(untested), orphans


def listing(lines):
    return ''.join(f'\n  {line}' for line in lines)


def test_every_module_has_a_test():
    untested, _ = compare(ROOT)
    wanted = [
        f'{module.as_posix()}: no '
        f'{(folder_of_tests(module) / f"test_{module.name}").as_posix()}'
        for module in untested
    ]
    assert not wanted, (
        f'{len(wanted)} modules without a test:{listing(wanted)}'
    )


def test_every_test_has_a_module():
    _, orphans = compare(ROOT)
    names = [test.as_posix() for test in orphans]
    assert not names, f'{len(names)} tests without a module:{listing(names)}'


def test_helpers_lie_directly_in_tests():
    astray = [
        path.as_posix()
        for path in list_files(ROOT, 'tests')
        if path.parent not in (Path('tests'), CAMPAIGN, STACKS)
        and not path.name.startswith('test_')
        and path.name != 'conftest.py'
    ]
    assert not astray, f'not found by `import`:{listing(astray)}'


def test_no_file_is_too_long():
    long = []
    for folder in ('xnet_mm', 'tools', 'tests'):
        for path in list_files(ROOT, folder, '*.*'):
            if path.suffix in ('.py', '.sh'):
                lines = len((ROOT / path).read_text().splitlines())
                if lines > LONG.get(path.as_posix(), MAX_LINES):
                    long.append(f'{path.as_posix()}: {lines}')
    assert not long, f'more than {MAX_LINES} lines:{listing(long)}'


def test_exceptions_are_few_and_there():
    assert len(EXCEPTIONS) <= 10
    gone = [path for path in EXCEPTIONS if not (ROOT / path).is_file()]
    assert not gone, f'take out of EXCEPTIONS:{listing(gone)}'


@pytest.fixture
def tree(tmp_path):
    for name in (
        'xnet_mm/__init__.py',
        'xnet_mm/version.py',
        'xnet_mm/check.py',
        'xnet_mm/.mim/tools/copy.py',
        'xnet_mm/data/__init__.py',
        'xnet_mm/data/depth.py',
        'xnet_mm/data/depth_io.py',
        'xnet_mm/data/deep/layout.py',
        'tools/train.py',
        'tools/converters/kitti.py',
        'tests/helper.py',
        'tests/test_check.py',
        'tests/test_tree.py',
        'tests/test_train.py',
        'tests/test_configs/test_any.py',
        'tests/test_data/test_depth_io_png.py',
        'tests/test_data/test_depth_io_npz.py',
        'tests/test_data/test_layout.py',
        'tests/test_tools/test_converters/test_kitti.py',
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_a_tree_by_hand(tree):
    untested, orphans = compare(tree)
    assert [path.as_posix() for path in untested] == [
        'tools/train.py',
        'xnet_mm/data/deep/layout.py',
        'xnet_mm/data/depth.py',
    ]
    assert [path.as_posix() for path in orphans] == [
        'tests/test_data/test_layout.py',
        'tests/test_train.py',
    ]
    (tree / 'tests/test_data/test_deep').mkdir()
    (tree / 'tests/test_data/test_layout.py').rename(
        tree / 'tests/test_data/test_deep/test_layout.py'
    )
    (tree / 'tests/test_train.py').rename(
        tree / 'tests/test_tools/test_train.py'
    )
    (tree / 'tests/test_data/test_depth.py').touch()
    assert compare(tree) == ([], [])
