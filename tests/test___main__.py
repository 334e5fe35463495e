"""`python -m xnet_mm`, and configs by their short names."""

import subprocess
import sys
from pathlib import Path

import pytest

from xnet_mm import __main__, arguments, paths

ROOT = Path(__file__).resolve().parents[1]
CAMVID = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256'


def call(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['xnet_mm', *args])
    __main__.main()


def test_every_tool_is_listed_with_a_sentence(monkeypatch, capsys):
    call(monkeypatch)
    lines = capsys.readouterr().out.split('tools:\n')[1].splitlines()
    listed = dict(line.strip().split(None, 1) for line in lines)
    files = {
        path.relative_to(ROOT / 'tools').with_suffix('').as_posix()
        for path in ROOT.glob('tools/**/*.py')
    }
    assert listed.keys() == files | {'check'}
    assert listed['predict'] == 'Predict images or a video'
    assert listed['check'] == (
        'What is installed, what is wrong, how to mend it'
    )
    assert all(len(text) > 5 for text in listed.values())


def test_help_is_the_same_list(monkeypatch, capsys):
    call(monkeypatch, '--help')
    assert capsys.readouterr().out == __main__.listing()


def test_a_tool_that_is_none(monkeypatch):
    with pytest.raises(SystemExit, match=r'Did you mean train\?'):
        call(monkeypatch, 'trian')
    with pytest.raises(SystemExit, match='xnet_mm` lists all of them'):
        call(monkeypatch, '../setup')


def test_a_tool_runs_elsewhere_and_gives_its_status(tmp_path):
    command = [sys.executable, '-m', 'xnet_mm', 'make_scenes', 'rooms']
    done = subprocess.run(
        [*command, '--num-train', '1', '--num-val', '1', '--size', '32', '24'],
        cwd=tmp_path,
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [*(tmp_path / 'rooms').rglob('*.png')]
    wrong = subprocess.run(
        [*command, '--size', '1', '1'],
        cwd=tmp_path,
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert wrong.returncode == 2
    assert 'make_scenes.py: error: argument --size' in wrong.stderr


@pytest.mark.parametrize(
    'name',
    [
        CAMVID,
        CAMVID + '.py',
        f'configs/{CAMVID}.py',
        'camvid/xnet_effnet-lite0_effnet-lite0_',
        'camvid/xnet_effnet-lite0_effnet-lite0_1xb4',
    ],
)
def test_a_config_by_its_short_name(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    found = arguments.config_file(name)
    assert Path(found).samefile(ROOT / 'configs' / f'{CAMVID}.py')


@pytest.mark.parametrize(
    'name',
    [
        'camvid/xnet_effnet',  # two
        'camvid/xnet_effnet-lite0_effnet-lite0_.py',  # a file that is none
        'camvid/',
        'xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256',
        '_base_/models/xnet',
        '../configs/camvid/xnet_effnet-lite0_effnet-lite0_1xb4',
        f'/configs/{CAMVID}',
        'no.py',
        '',
    ],
)
def test_what_is_no_short_name(name):
    assert paths.find_config(name) is None
    assert arguments.config_file(name) == name


def test_a_file_comes_before_a_short_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / f'{CAMVID}.py'
    mine.parent.mkdir()
    mine.touch()
    assert arguments.config_file(f'{CAMVID}.py') == f'{CAMVID}.py'
