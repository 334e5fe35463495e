from itertools import pairwise

import pytest

from xnet_mm.fit.folder.splits import make_split


def names_of(*folders, count=10):
    return sorted(f'{f}{i:04d}.jpg' for f in folders for i in range(count))


@pytest.mark.parametrize('number', [2, 3, 4, 7, 20, 99, 1000])
def test_the_share_of_running_numbers(number):
    names = [f'{i}.jpg' for i in range(number)]
    val = make_split(names).val
    assert len(val) == max(1, round(0.15 * number))


def test_running_numbers_in_blocks():
    names = sorted(f'{i}.jpg' for i in range(100))  # 10 before 2
    split = make_split(names)
    assert 'blocks' in split.why
    numbers = sorted(int(names[i][:-4]) for i in split.val)
    steps = [b - a for a, b in pairwise(numbers)]
    assert steps.count(1) == 12  # 15 in three blocks


@pytest.mark.parametrize(
    ('prefix', 'what'), [('seq{:02d}_', 'sequences'), ('scene{}/', 'folders')]
)
def test_sequences_are_not_divided(prefix, what):
    names = names_of(*(prefix.format(i) for i in range(8)))
    split = make_split(names)
    assert what in split.why
    parts = {names[i][: len(prefix.format(0))] for i in split.val}
    assert len(split.val) == 10 * len(parts)
    assert 0.05 <= len(split.val) / len(names) <= 0.35


def test_two_large_sequences_are_divided_in_blocks():
    split = make_split(names_of('a_', 'b_', count=50))
    assert 'blocks' in split.why and len(split.val) == 15


def test_names_without_numbers():
    names = [f'{a}{b}.jpg' for a in 'abcdefgh' for b in 'xyz']
    split = make_split(names)
    assert 'by names' in split.why and len(split.val) == 4
    assert split == make_split(names)
    more = make_split([*names, 'zz.jpg'])
    # What was chosen hangs on each name alone.
    assert len({*split.val} & {*more.val}) >= 3
