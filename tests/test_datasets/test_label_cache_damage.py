"""A cache that is damaged, or made by others, is never believed."""

import json

import pytest
from label_starts import reads_of, the_file
from seg_pairs import build, make_pairs


@pytest.fixture
def root(tmp_path, folder):
    return make_pairs(tmp_path / 'data')


def test_no_error_rests_on_the_cache_alone(root, folder):
    build(root)
    path = the_file(folder)
    content = json.loads(path.read_text())
    for entry in content['files'].values():
        entry[2] = [99]
    path.write_text(json.dumps(content))
    build(root)


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{"made_by": ',
        '[1, 2]',
        '[' * 100_000,
        '\udcff',
        'cos\nsystem\n(S"touch hacked"\ntR.',
        '9' * 10_000,
    ],
)
def test_a_damaged_file_is_ignored_and_replaced(root, folder, read, text):
    build(root)
    path = the_file(folder)
    path.write_bytes(text.encode('utf-8', 'surrogateescape'))
    assert reads_of(read, root) == ['a.png', 'b.png']
    assert reads_of(read, root) == []


@pytest.mark.parametrize(
    'wrong',
    [
        None,
        [],
        'abc',
        [1, 2, 3],
        {'0': 1},
        [..., ..., None],
        [..., ..., []],
        [..., ..., ['0']],
        [..., ..., [0, [1]]],
        [..., ..., [0.5]],
        [..., ..., [True]],
        [..., ..., [10**400]],
        [..., None, [0]],
        [None, ..., [0]],
    ],
)
def test_damaged_entries_are_ignored(root, folder, read, wrong):
    build(root)
    path = the_file(folder)
    content = json.loads(path.read_text())
    for name, entry in content['files'].items():
        replaced = wrong
        if isinstance(wrong, list) and ... in wrong:
            replaced = [
                old if new is ... else new
                for old, new in zip(entry, wrong, strict=True)
            ]
        content['files'][name] = replaced
    path.write_text(json.dumps(content))
    assert reads_of(read, root) == ['a.png', 'b.png']


@pytest.mark.parametrize('key', ['made_by', 'files'])
def test_a_file_of_another_make(root, folder, read, key):
    build(root)
    path = the_file(folder)
    content = json.loads(path.read_text())
    content[key] = [content[key]]
    path.write_text(json.dumps(content))
    assert reads_of(read, root) == ['a.png', 'b.png']
