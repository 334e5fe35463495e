"""The last few are kept, and what goes leaves no file."""

import pytest

from xnet_mm.app.results import Result, Results


def result(folder, name):
    archive = folder / f'{name}.zip'
    archive.touch()
    return Result(name, None, archive)


def test_what_was_not_asked_for_longest_goes(tmp_path):
    results = Results(most=2)
    a, b, c = (result(tmp_path, name) for name in 'abc')
    keys = [results.add(a), results.add(b)]
    assert results.get(keys[0]) == a
    keys.append(results.add(c))
    assert results.get(keys[0]) == a and results.get(keys[2]) == c
    with pytest.raises(KeyError):
        results.get(keys[1])
    assert not b.archive.exists() and a.archive.exists()


def test_names_are_not_guessed(tmp_path):
    results = Results()
    keys = {results.add(result(tmp_path, 'a')) for _ in range(9)}
    assert len(keys) == 9 and min(map(len, keys)) >= 20
