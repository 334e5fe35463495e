"""Where configs and tools are found."""

import pickle
from pathlib import Path

import pytest
from mmengine.config import Config

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


def test_a_config_answers_as_text_where_mmengine_asks():
    path = paths.configs_dir() / 'camvid' / 'a::b.py'
    assert '::' in path
    assert '::' not in path.parent
    assert isinstance(path, Path)
    assert path == ROOT / 'configs/camvid/a::b.py'
    assert pickle.loads(pickle.dumps(path)) == path


BASE = '_base_/schedules/schedule_2k.py'


@pytest.mark.parametrize(
    'line',
    [
        f"[__import__('xnet_mm').configs_dir() / '{BASE}']",
        f"__import__('xnet_mm').configs_dir() / '{BASE}'",
        f'[f\'{{__import__("xnet_mm").configs_dir()}}/{BASE}\']',
        f"[str(__import__('xnet_mm').configs_dir() / '{BASE}')]",
    ],
    ids=['list', 'single', 'f-string', 'str'],
)
def test_a_base_is_written_in_any_of_these_ways(tmp_path, line):
    config = tmp_path / 'mine.py'
    config.write_text(f'_base_ = {line}\ntrain_cfg = dict(max_iters=7)\n')
    cfg = Config.fromfile(config)
    wanted = Config.fromfile(ROOT / 'configs' / BASE)
    wanted.train_cfg.max_iters = 7
    assert cfg.to_dict() == wanted.to_dict()


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


def test_a_name_of_several_configs_names_them():
    short = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120'
    assert paths.find_config(short) is None
    assert [path.stem for path in paths.configs_named(short)] == [
        'xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-both-192x256',
        'xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth-192x256',
    ]
