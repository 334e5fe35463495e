"""A user's config beside no clone, on a base that is shipped."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import mmseg
import pytest
from mmengine.config import Config
from package_builds import ROOT, build, copy_source

# MMSegmentation's own: loads a config as its train.py does, and prints it.
PRINT = Path(mmseg.__file__).parent / '.mim/tools/misc/print_config.py'
LEAF = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'


@pytest.fixture(
    scope='module',
    params=[pytest.param('clone', marks=pytest.mark.heavy), 'wheel'],
)
def place(request, tmp_path_factory):
    """Where the package is imported from, and its configs."""
    if request.param == 'clone':
        return ROOT, ROOT / 'configs'
    folder = tmp_path_factory.mktemp('wheel')
    folders = ('xnet_mm', 'configs', 'tools')
    with zipfile.ZipFile(
        build(copy_source(folder / 'source', folders), 'wheel')
    ) as archive:
        archive.extractall(folder / 'site')
    return folder / 'site', folder / 'site/xnet_mm/.mim/configs'


def test_stock_scripts_load_it(place, tmp_path):
    packages, configs = place
    config = tmp_path / 'mine.py'
    config.write_text(
        f"_base_ = [__import__('xnet_mm').configs_dir() / '{LEAF}']\n"
        'model = dict(decode_head=dict(channels=48))\n'
    )
    (tmp_path / 'elsewhere').mkdir()
    inherited = {k: v for k, v in os.environ.items() if k != 'XNET_MM_DATA'}
    done = subprocess.run(
        [sys.executable, str(PRINT), str(config)],
        cwd=tmp_path / 'elsewhere',
        env={**inherited, 'PYTHONPATH': str(packages)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seen = Config.fromfile(tmp_path / 'elsewhere/example.py')
    wanted = Config.fromfile(configs / LEAF)
    wanted.model.decode_head.channels = 48
    assert seen.to_dict() == wanted.to_dict()
    # Relative: below the folder in which the script was started.
    assert seen.data_root == 'data/camvid'
