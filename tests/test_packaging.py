"""What ships in a wheel, an sdist and an editable install; requirements."""

import ast
import os
import re
import sys
import tarfile
import zipfile

import pytest
from imports import read_imports
from package_builds import ROOT, SUFFIXES, build, copy_source

import xnet_mm
from xnet_mm import stack

CODE = ('xnet_mm', 'tools')
# Import name -> distribution, where they differ.
DISTRIBUTIONS = {
    'PIL': 'pillow',
    'cv2': 'opencv-python',
    'yaml': 'pyyaml',
    **{name: names[0] for name, names in stack.NAMES.items()},
}
UNDECLARED = {
    'torchvision',  # timm requires it; check.py looks whether it fits torch
    'triton',  # torch for CUDA brings it; without it there is no GPU
}
PYTHONS = ('3.10', '3.11', '3.12', '3.13')


def normal(requirement):
    """The name of a requirement as package indices compare it."""
    name = re.match(r'[\w.-]+', requirement).group()
    return re.sub(r'[-_.]+', '-', name).lower()


@pytest.fixture(scope='module')
def described():
    """The arguments of setup(), read without running setup.py."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and node.targets[0].id in ('INSTALL_REQUIRES', 'EXTRAS_REQUIRE')
    }
    return constants['INSTALL_REQUIRES'], constants['EXTRAS_REQUIRE']


@pytest.fixture(scope='module')
def constraints():
    """(name, version, marker) of each line of constraints.txt."""
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith('#')]
    pattern = r"([\w.-]+)==([\w.]+)(?:; python_version (<|>=) '3\.11')?"
    return [re.fullmatch(pattern, line).groups() for line in lines]


def test_no_openmmlab_package_is_a_hard_requirement(described):
    required = {normal(requirement) for requirement in described[0]}
    assert required == {
        *(
            'huggingface-hub',
            'matplotlib',
            'numpy',
            'pillow',
            'prettytable',
            'pyyaml',
            'rich',
        ),
        *('safetensors', 'scipy', 'timm', 'torch'),
    }


def test_extras_never_mix_the_two_distributions(described):
    extras = {k: {normal(r) for r in v} for k, v in described[1].items()}
    assert set(extras) == {
        *('onedl', 'upstream', 'onedl-mask2former', 'upstream-mask2former'),
        *('demo', 'nyu', 'geo', 'app', 'deploy', 'openvino', 'peers', 'tests'),
        *('onedl-clients', 'upstream-clients'),
    }
    distributions = {n for names in stack.NAMES.values() for n in names}
    fork = {n for n in distributions if n.startswith('onedl-')}
    assert extras['onedl'] == fork | {'opencv-python'}
    assert extras['upstream'] & distributions == {
        'mmengine',
        'mmcv',
        'mmsegmentation',
        'mmpretrain',
    }
    assert 'onedl-mmdetection' not in extras['onedl-mask2former']
    assert 'onedl-mim' in extras['onedl-clients']
    assert 'openmim' in extras['upstream-clients']
    assert extras['upstream-mask2former'] == {'mmdet'}


def test_constraints_cover_what_make_installs(described, constraints):
    required, extras = described
    named = {normal(name) for name, _, _ in constraints}
    for extra in (
        *('onedl', 'demo', 'geo', 'app', 'deploy', 'openvino', 'tests'),
        *('onedl-mask2former', 'onedl-clients'),
    ):
        required = required + extras[extra]
    assert {normal(r) for r in required} - named == set()


@pytest.mark.parametrize('python', PYTHONS)
def test_constraints_pin_each_package_once(constraints, python):
    new = python != '3.10'
    pins = [
        normal(n)
        for n, _, sign in constraints
        if sign != ('<' if new else '>=')
    ]
    assert len(pins) == len(set(pins))


def imported(*folders):
    """Top-level names that the files import, but the standard library's."""
    found = {
        i.module.partition('.')[0]
        for folder in folders
        for i in read_imports(ROOT, folder)
    }
    return found - set(sys.stdlib_module_names) - {'xnet_mm'}


def pins_of(stack_name):
    """Name -> version, of a file in tests/stacks."""
    lines = (ROOT / 'tests' / 'stacks' / f'{stack_name}.txt').read_text()
    pairs = re.findall(r'^([\w.-]+)==([\w.]+)$', lines, re.M)
    return {normal(name): version for name, version in pairs}


@pytest.mark.parametrize('stack_name', ['cluster', 'minimum'])
def test_the_other_stacks_pin_what_is_installed(described, stack_name):
    required, extras = described
    pins = pins_of(stack_name)
    pins.setdefault('mmcv', pins['mmcv-lite'])
    wanted = [*required, *extras['upstream'], *extras['demo']]
    wanted += [*extras['tests'], *extras['upstream-mask2former']]
    assert {normal(r) for r in wanted} <= {*pins}


def test_the_minimum_has_the_lower_bounds(described):
    required, extras = described
    pins = pins_of('minimum')
    pins['mmcv'] = pins['mmcv-lite']
    for requirement in (*required, *extras['upstream']):
        bound = re.search(r'>=([\d.]+)', requirement)
        if bound:
            found = pins[normal(requirement)].split('.')
            wanted = bound[1].split('.')
            assert found[: len(wanted)] == wanted, requirement


def test_every_import_is_declared(described):
    required, extras = described
    declared = {normal(r) for r in [*required, *extras['onedl']]}
    both = {normal(r) for r in extras['upstream']}
    assert DISTRIBUTIONS['cv2'] in declared & both
    # Converters and tools that say so.
    for extra in ('nyu', 'geo', 'app', 'deploy', 'openvino', 'peers'):
        declared |= {normal(r) for r in extras[extra]}
    names = {DISTRIBUTIONS.get(n, normal(n)) for n in imported(*CODE)}
    assert names - declared - UNDECLARED == set()


def test_every_requirement_is_imported(described):
    names = {DISTRIBUTIONS.get(n, normal(n)) for n in imported('xnet_mm')}
    assert {normal(r) for r in described[0]} - names == set()


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """A folder with the source and, by pip's own hooks, all it builds."""
    source = copy_source(tmp_path_factory.mktemp('built') / 'source')
    stale = 'build/lib/xnet_mm/.mim/configs'  # an older version built it
    for folder in (source / stale, source / 'xnet_mm/.mim'):
        folder.mkdir(parents=True)
    (source / stale / 'deleted_since.py').touch()
    (source / 'xnet_mm/.mim/configs').symlink_to('../../configs')
    for kind in ('wheel', 'sdist', 'editable'):
        build(source, kind)
    return source


@pytest.fixture(scope='module')
def wheel(built):
    """The names in the wheel, and its metadata."""
    (path,) = (built / 'wheel').glob('*.whl')
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        (metadata,) = [n for n in names if n.endswith('/METADATA')]
        return set(names), archive.read(metadata).decode()


def scripts(folder):
    """Paths of the files to ship, relative to this tree."""
    found = (ROOT / folder).rglob('*')
    found = [path for path in found if path.suffix in SUFFIXES]
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.mark.parametrize('folder', ['configs', 'tools', 'model-index.yml'])
def test_wheel_ships_what_is_there_where_each_mim_looks(wheel, folder):
    # openmim: site-packages/xnet_mm. onedl-mim: what comes first in RECORD,
    # which pip sorts.
    first = min(wheel[0]).partition('/')[0]
    assert first == f'xnet_mm-{xnet_mm.__version__}.dist-info'
    for place in ('xnet_mm', first):
        mim = f'{place}/.mim/'
        names = {n.removeprefix(mim) for n in wheel[0] if n.startswith(mim)}
        shipped = {n for n in names if n.startswith(folder)}
        assert shipped == (scripts(folder) or {folder})


def test_wheel_has_the_page(wheel):
    page = scripts('xnet_mm/app/page')
    assert 'xnet_mm/app/page/index.html' in page
    assert page <= wheel[0]


@pytest.mark.parametrize('folder', ['configs', 'tools', 'xnet_mm/app/page'])
def test_sdist_has_the_folder(built, folder):
    (path,) = (built / 'sdist').glob('*.tar.gz')
    with tarfile.open(path) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}
    assert scripts(folder) <= names
    assert not [name for name in names if '.mim' in name]


def test_editable_install_names_the_clone(built):
    # openmim joins site-packages and this line; onedl-mim knows the clone.
    (path,) = (built / 'editable').glob('*.whl')
    with zipfile.ZipFile(path) as archive:
        (name,) = [n for n in archive.namelist() if 'top_level' in n]
        lines = archive.read(name).decode().splitlines()
    assert lines == [str(built), 'xnet_mm']


def test_a_clone_has_each_config_once(built):
    # Where MIM finds a name twice it runs neither.
    found = [
        name
        for folder, _, names in os.walk(built, followlinks=True)
        for name in names
        if re.match(r'xnet_.*x\d+\.py', name)
    ]
    assert len(found) == len(set(found)) > 20


def test_sdist_has_the_index_of_the_models(built):
    (path,) = (built / 'sdist').glob('*.tar.gz')
    with tarfile.open(path) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}
    assert 'model-index.yml' in names


def test_wheel_has_one_top_level_package(wheel):
    tops = {name.split('/')[0] for name in wheel[0]}
    version = xnet_mm.__version__
    assert tops == {'xnet_mm', f'xnet_mm-{version}.dist-info'}


def test_wheel_metadata(wheel, described):
    lines = wheel[1].splitlines()
    assert f'Version: {xnet_mm.__version__}' in lines
    assert 'Requires-Python: >=3.10' in lines
    hard = [
        # setuptools up to 70 has a space before the bound.
        line.removeprefix('Requires-Dist: ').replace(' ', '')
        for line in lines
        if line.startswith('Requires-Dist') and 'extra ==' not in line
    ]
    assert hard == described[0]
