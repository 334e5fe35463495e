"""Where configs and tools are found."""

from pathlib import Path

import pytest

import xnet_mm
from xnet_mm import paths

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package folder of its own, empty."""
    package = tmp_path / 'site-packages' / 'xnet_mm'
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, 'PACKAGE', package)
    return package


def test_folders_of_this_tree():
    assert paths.configs_dir() == ROOT / 'configs'
    assert xnet_mm.tools_dir() == ROOT / 'tools'


def test_installed_folder_wins_over_a_neighbour(package):
    (package / '.mim' / 'configs').mkdir(parents=True)
    (package.parent / 'configs').mkdir()
    assert paths.configs_dir() == package / '.mim' / 'configs'


def test_bare_clone_is_known_by_its_setup(package):
    (package.parent / 'tools').mkdir()  # somebody else's, as it were
    with pytest.raises(FileNotFoundError, match='The tools of xnet_mm are'):
        paths.tools_dir()
    (package.parent / 'setup.py').touch()
    assert paths.tools_dir() == package.parent / 'tools'
