"""The page of timm's families: its text, and the tool that writes it."""

import json
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from tiny_families import FAMILIES, find, find_or_die, find_or_hang

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools/families_table.py'
# By its name, under which the process that it starts finds it too.
sys.path.insert(0, str(TOOL.parent))
tool = import_module(TOOL.stem)

ROWS = """\
| family | smallest model | M | encoder | decoder | why not |
| --- | --- | --- | --- | --- | --- |
| a/a | a_1 | 1.5 | any | any |  |
| b/b | b_1 | 1.5 | 224×224 | no | decoder: it has stride 16 only |
| c/c | c_1 | 1.5 | no | no | no map |
"""


class InProcess:
    """The worker, without a process."""

    def __init__(self, work):
        self.work = work

    def __call__(self, names):
        return self.work(names)

    def stop(self):
        pass


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(tool, 'Worker', InProcess)


def test_page_is_what_the_tool_writes():
    assert tool.find_faults() == ''


def test_rows(tmp_path, here, capsys):
    tool.run(FAMILIES, '1.0', docs=tmp_path, work=find)
    text = (tmp_path / 'families.md').read_text()
    assert text.endswith(f'\n\n{ROWS}')
    assert (
        'Of 3 families 1 are both, 1 are encoders only, 0 are decoders only, '
        '1 are neither, and 0 were not tried.'
    ) in text
    assert 'timm 1.0. Of each' in text
    # An import may say something of its own before.
    assert capsys.readouterr().out.splitlines()[-4:-2] == [
        '[1/3] a/a: a_1, 1.5 M; encoder: any; decoder: any',
        '[2/3] b/b: b_1, 1.5 M; encoder: 224×224; decoder: no (decoder: it '
        'has stride 16 only)',
    ]
    assert tool.find_faults(tmp_path) == ''


def test_a_run_that_was_stopped_goes_on(tmp_path, here):
    seen = []

    def stop_at_c(names):
        if names[0] == 'c_1':
            raise KeyboardInterrupt
        seen.append(names[0])
        return find(names)

    with pytest.raises(KeyboardInterrupt):
        tool.run(FAMILIES, '1.0', docs=tmp_path, work=stop_at_c)
    assert not (tmp_path / 'families.md').exists()

    def note(names):
        seen.append(names[0])
        return find(names)

    tool.run(FAMILIES, '1.0', docs=tmp_path, work=note)
    assert seen == ['a_1', 'b_1', 'c_1']
    tool.run(FAMILIES, '1.0', 'b/*', docs=tmp_path, work=note)
    assert seen[3:] == ['b_1']
    tool.run(FAMILIES, '1.1', docs=tmp_path, work=note)  # another timm
    assert seen[4:] == ['a_1', 'b_1', 'c_1']
    left = {'a/a': FAMILIES['a/a']}
    tool.run(left, '1.1', docs=tmp_path, work=note)
    assert seen[7:] == []
    assert [*tool.read_found(tmp_path)['families']] == ['a/a']


def test_no_family_matches(tmp_path, here):
    with pytest.raises(ValueError, match=r'^x/y: no family matches; wanted'):
        tool.run(FAMILIES, '1.0', 'x/y', docs=tmp_path, work=find)


@pytest.mark.parametrize(
    ('work', 'why'),
    [(find_or_die, 'the process died'), (find_or_hang, 'not done in 0 sec')],
)
def test_a_family_that_dies_or_hangs_does_not_end_the_run(work, why):
    worker = tool.Worker(work, 600 if work is find_or_die else 0.4)
    try:
        facts = worker(FAMILIES['b/b'])
        assert facts['model'] == 'b_1'
        assert facts['why_no_encoder'].startswith(why)
        assert facts['why_no_decoder'] == facts['why_no_encoder']
        assert worker.process is None
        worker.seconds = 600
        assert worker(FAMILIES['a/a']) == find(['a_1'])
    finally:
        worker.stop()


def test_big_ones_are_not_built(monkeypatch):
    from xnet_mm.benchmark import families

    monkeypatch.setattr(
        families, 'find_smallest', lambda n: (n[0], 151 * 10**6)
    )
    assert tool.look_into(['a_1', 'a_2']) == dict(
        model='a_1',
        parameters=151_000_000,
        why_no_encoder='not tried: more than 150 M parameters',
        why_no_decoder='not tried: more than 150 M parameters',
    )


def test_long_reasons_are_cut():
    assert tool.shorten('x|y') == 'x\\|y'
    assert tool.shorten("no image: AssertionError('')") == 'no image'
    assert tool.shorten('z' * 161) == 'z' * 160 + '...'
    assert tool.shorten('of strides [16, 16, 16]') == 'of stride 16 only'
    assert tool.shorten('of strides [8, 8, 16]') == 'of strides [8, 8, 16]'


def test_check_says_what_to_run(monkeypatch):
    monkeypatch.setattr(tool, 'find_faults', lambda: 'a difference')
    monkeypatch.setattr(sys, 'argv', ['', '--check'])
    with pytest.raises(SystemExit, match=r'^a difference\nThen run: python'):
        tool.main()


def test_check_sees_a_difference(tmp_path, here):
    tool.run(FAMILIES, '1.0', docs=tmp_path, work=find)
    page = tmp_path / 'families.md'
    page.write_text(page.read_text().replace('| 1.5 | any', '| 1.4 | any'))
    faults = tool.find_faults(tmp_path)
    assert '-| a/a | a_1 | 1.4 | any | any |  |' in faults
    assert '+| a/a | a_1 | 1.5 | any | any |  |' in faults


def test_check_needs_no_torch():
    code = (
        'import runpy, sys; sys.modules["torch"] = None; '
        f'sys.argv = ["", "--check"]; runpy.run_path({str(TOOL)!r}, '
        'run_name="__main__")'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_the_state_is_plain(tmp_path, here):
    tool.run(FAMILIES, '1.0', docs=tmp_path, work=find)
    found = json.loads((tmp_path / 'families.json').read_text())
    assert found['timm'] == '1.0'
    assert found['families'] == {f: find(n) for f, n in FAMILIES.items()}


def test_help_names_the_commands(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['', '--help'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name='__main__')
    assert stop.value.code == 0
    assert 'docs/families.json' in capsys.readouterr().out
