"""What a folder of results remembers."""

import json

import pytest

from xnet_mm.fit.state import STATE, State, read_state


@pytest.fixture
def state(tmp_path):
    data = tmp_path / 'data'
    data.mkdir()
    return State(str(data), 'depth', 10.0, ['depth: 4 images', 'ünits'])


def test_nothing_is_remembered_of_a_new_folder(tmp_path):
    assert read_state(tmp_path / 'none', tmp_path) is None
    (tmp_path / 'empty').mkdir()
    assert read_state(tmp_path / 'empty', tmp_path) is None


def test_what_was_saved_comes_back(tmp_path, state):
    out = tmp_path / 'out'
    state.save(out)
    assert read_state(out, tmp_path / 'data') == state
    saved = state.save(out, trained=True)
    assert read_state(out, tmp_path / 'data') == saved
    assert saved.trained
    assert [path.name for path in out.iterdir()] == [STATE]


def test_other_files_are_left_alone(tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'thesis.txt').write_text('mine')
    with pytest.raises(ValueError, match='holds files that are not of a fit'):
        read_state(out, tmp_path)


def test_another_folder_s_result_is_not_gone_on_with(tmp_path, state):
    out = tmp_path / 'out'
    state.save(out)
    with pytest.raises(
        ValueError, match=r'has the result of .*data, not of .*other\. Remove'
    ):
        read_state(out, tmp_path / 'other')


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{',
        '[]',
        '{}',
        'null',
        '[' * 100_000,
        json.dumps(dict(data=1, task='', minutes=1.0, understood=[])),
        json.dumps(
            dict(data='a', task='', minutes=1.0, understood=[], trained=0)
        ),
    ],
)
def test_a_damaged_state_is_said(tmp_path, text):
    (tmp_path / STATE).write_text(text)
    with pytest.raises(ValueError, match=r'fit\.json is damaged .* Remove'):
        read_state(tmp_path, tmp_path)
