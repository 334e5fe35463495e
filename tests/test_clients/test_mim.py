"""MIM, openmim or onedl-mim, on a wheel and on an editable install."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from metafiles import ENTRIES
from package_builds import copy_source
from tiny_layouts import write_pair

pytest.importorskip('mim')
pytest.importorskip('pip')

NAME = 'xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256'
# MIM's own commands, one after the other: each start of it takes seconds.
# Scripts are not run but named: `echo` stands for Python.
DRIVER = """
import importlib, json, sys, traceback
from click.testing import CliRunner
from mim.cli import cli

name, found, dest = sys.argv[1:]
said = {}

def run(key, *args):
    done = CliRunner().invoke(cli, args)
    error = traceback.format_exception(*done.exc_info)
    said[key] = [done.exit_code, done.output + ''.join(error)]

run('all', 'search', 'xnet_mm')
run('search', 'search', 'xnet_mm', '--model', 'xnet', '--dataset', 'camvid',
    '--condition', 'gmacs<2', '--sort', 'gmacs', '--json', found)
run('download', 'download', 'xnet_mm', '--config', name, '--dest', dest)
needed = dict(train=dict(gpus=0), test=dict(checkpoint='a.pth'))
for command, extra in needed.items():
    module = importlib.import_module('mim.commands.' + command)
    module.PYTHON = 'echo'
    for key, config in ((command, name + '.py'), ('no ' + command, 'no.py')):
        try:
            getattr(module, command)('xnet_mm', config, **extra)
        except ValueError as error:
            said[key] = [1, str(error)]
print('said:', json.dumps(said))
"""


@pytest.fixture(scope='module', params=['wheel', 'editable'])
def install(request, tmp_path_factory):
    """An environment over this one: its Python, and where MIM has to look."""
    folder = tmp_path_factory.mktemp(request.param)
    source = copy_source(folder / 'source', ('xnet_mm', 'configs', 'tools'))
    venv.create(folder / 'venv', symlinks=os.name != 'nt')
    scripts = 'Scripts' if os.name == 'nt' else 'bin'
    python = folder / 'venv' / scripts / 'python'
    (site,) = (folder / 'venv').rglob('site-packages')
    below = [path for path in sys.path if path.endswith('-packages')]
    (site / 'below.pth').write_text('\n'.join(below))
    editable = ['-e'] * (request.param == 'editable')
    pip = [sys.executable, '-m', 'pip', '--python', str(python), 'install']
    pip += ['--no-deps', '--no-index', '--no-build-isolation', '-q']
    subprocess.run([*pip, *editable, str(source)], check=True)
    return python, source if editable else site


@pytest.fixture(scope='module')
def said(install, tmp_path_factory):
    """What each command ended with and printed; the search as rows."""
    folder = tmp_path_factory.mktemp('driver')
    done = run(install, folder, '-c', DRIVER, NAME, 'found.json', 'dest')
    assert 'said: ' in done.stdout, done.stdout
    said = json.loads(done.stdout.rpartition('said: ')[2])
    said['started'] = [
        line for line in done.stdout.splitlines() if '--launcher none' in line
    ]
    said['found'] = json.loads((folder / 'found.json').read_text())
    said['saved'] = [path.name for path in (folder / 'dest').iterdir()]
    return said


def run(install, folder, *argv, **environment):
    """Run the environment's Python; both streams as one text."""
    inherited = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    return subprocess.run(
        [install[0], *map(str, argv)],
        cwd=folder,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_search_lists_and_filters_the_models(said):
    code, text = said['all']
    assert code == 0, text
    assert text.count('config id: ') == len(ENTRIES)
    assert said['search'][0] == 0, said['search'][1]
    found = said['found']  # column -> name of the config -> value
    assert found['config'][NAME] == f'configs/camvid/{NAME}.py'
    assert found['crop_size'][NAME] == '192x256'
    assert found['architecture'][NAME] == ','.join(['efficientnet-lite0'] * 2)
    assert {*found['model'].values()} == {'xnet'}
    assert {*found['training_data'].values()} == {'camvid'}
    assert max(found['gmacs'].values()) < 2


@pytest.mark.parametrize('command', ['train', 'test'])
def test_a_name_stands_for_the_installed_config(install, said, command):
    (line,) = [
        line
        for line in said['started']
        if line.split()[0].endswith(f'{command}.py')
    ]
    script, config, *rest = line.split()
    checkpoint = ['a.pth'] * (command == 'test')
    assert rest == [*checkpoint, '--launcher', 'none']
    assert Path(config).name == f'{NAME}.py'
    for path in map(Path, (script, config)):
        assert path.is_file()
        assert install[1].resolve() in path.resolve().parents
    missing = "The path no.py doesn't exist and we can not find"
    assert missing in said[f'no {command}'][1]


def test_download_says_that_there_are_no_weights(said):
    code, text = said['download']
    assert code == 1
    assert 'none are published' in text  # in place of an address
    assert said['saved'] == []


@pytest.mark.heavy
def test_train_then_test(install, tmp_path):
    for split in ('train', 'val'):
        for i in range(4):
            write_pair(
                tmp_path / f'camvid/images/{split}/{i}.jpg',
                tmp_path / f'camvid/annotations/{split}/{i}.png',
                ids=[*range(11), 255],
                size=(192, 256),
                seed=i,
            )
    mim = (install, tmp_path, '-m', 'mim')
    options = ['train_cfg.max_iters=1', 'train_dataloader.num_workers=0']
    options += ['train_dataloader.persistent_workers=False']
    options += [f'model.{part}.weights=None' for part in ('backbone', 'neck')]
    data = dict(XNET_MM_DATA=str(tmp_path))
    done = run(
        *(*mim, 'train', 'xnet_mm', f'{NAME}.py', '--work-dir', 'work'),
        *('--cfg-options', *options),
        **data,
    )
    assert done.returncode == 0, done.stdout
    assert 'Training finished successfully.' in done.stdout
    done = run(
        *(*mim, 'test', 'xnet_mm', f'{NAME}.py', '-C', 'work/iter_1.pth'),
        **data,
    )
    assert done.returncode == 0, done.stdout
    assert 'Testing finished successfully.' in done.stdout
    assert 'Iter(test) [4/4]' in done.stdout
