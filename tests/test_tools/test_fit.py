"""tools/fit.py: its command line, and a mistake as one sentence."""

import pytest
from tool_runs import run_tool

from xnet_mm import fit as room


def test_what_is_asked_for_is_handed_on(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(room, 'fit', lambda *args: calls.append(args))
    monkeypatch.chdir(tmp_path)
    run_tool(monkeypatch, 'fit.py', 'my/pictures')
    options = ('--minutes', 2.5, '--task', 'depth', '--depth-scale', 256)
    run_tool(monkeypatch, 'fit.py', 'a', '--out', 'b', *options)
    (data, out, minutes, _, found_options), other = calls
    assert (str(data), str(out), minutes) == (
        'my/pictures',
        'work_dirs/pictures',
        10.0,
    )
    assert found_options == dict(task=None, depth_scale=None)
    assert (str(other[0]), str(other[1]), other[2]) == ('a', 'b', 2.5)
    assert other[4] == dict(task='depth', depth_scale=256)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        run_tool(monkeypatch, 'fit.py', 'nowhere')
    text = str(caught.value)
    assert 'nowhere' in text
    assert '\n' not in text
    assert not [*tmp_path.iterdir()]


def test_a_stopped_one_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def stopped(*_):
        raise room.StoppedError

    monkeypatch.setattr(room, 'fit', stopped)
    with pytest.raises(SystemExit) as caught:
        run_tool(monkeypatch, 'fit.py', tmp_path, '--out', tmp_path / 'o')
    assert caught.value.code == 75
    assert 'The same command again goes on.' in capsys.readouterr().out


@pytest.mark.parametrize('minutes', ['0', '-1', 'nan', 'ten', '1e9'])
def test_minutes_are_a_time(tmp_path, monkeypatch, capsys, minutes):
    with pytest.raises(SystemExit) as caught:
        run_tool(monkeypatch, 'fit.py', tmp_path, f'--minutes={minutes}')
    assert caught.value.code == 2
    assert f'wanted minutes, above 0, up to 43200, got {minutes!r}' in (
        capsys.readouterr().err
    )
