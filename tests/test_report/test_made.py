"""How a run was made: commands, hash, config."""

import hashlib
import shlex
from html import unescape

from xnet_mm.prediction.run_folder import Run
from xnet_mm.report import made as module
from xnet_mm.report.made import made


def run_in(folder):
    folder.mkdir()
    (folder / 'config.py').write_text("a = '<b>'\n" * 10)
    (folder / 'iter_1.pth').write_bytes(b'weights')
    return Run(folder / 'config.py', folder / 'iter_1.pth', 'the last one')


def test_commands_can_be_pasted(tmp_path):
    folder = tmp_path / "it's a run"
    run = run_in(folder)
    page = made(folder, run)
    lines = unescape(page).split('<pre>')[1].split('</pre>')[0].splitlines()
    commands = [shlex.split(x) for x in lines if not x.startswith('#')]
    tool = ['python', '-m', 'xnet_mm']
    files = [str(run.config), str(run.checkpoint)]
    assert commands == [
        [*tool, 'train', files[0], '--work-dir', f'{folder}-again'],
        [*tool, 'test', *files],
        [*tool, 'predict', *files, 'IMAGES', '--out-dir', 'out'],
        [*tool, 'report', str(folder)],
    ]


def test_hash_and_config(tmp_path, monkeypatch):
    run = run_in(tmp_path / 'run')
    page = made(tmp_path / 'run', run)
    assert hashlib.sha256(b'weights').hexdigest() in page
    assert page.count('a = &#x27;&lt;b&gt;&#x27;') == 10
    monkeypatch.setattr(module, 'LONGEST', 20)
    page = made(tmp_path / 'run', run)
    assert page.count('a = &#x27;&lt;b&gt;&#x27;') == 2
    assert '... and more: see config.py' in page
