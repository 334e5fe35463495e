"""Results and errors in the order of the jobs."""

from threading import Barrier, get_ident

import pytest

from xnet_mm.datasets.threads import AT_A_TIME, look_at_files, run_jobs


def half(number):
    if number == 3:
        raise FileNotFoundError('three is gone')
    if number % 2:
        raise ValueError(f'{number} is odd')
    return number // 2


@pytest.mark.parametrize('workers', [None, 1, 4])
def test_results_and_errors_in_order(workers):
    found = run_jobs(half, [4, 1, 3, 0], 'halving', workers)
    assert found == [2, '1 is odd', 'three is gone', 0]


def test_jobs_run_side_by_side():
    barrier = Barrier(3, timeout=60)

    def wait(_):
        barrier.wait()  # passes when three jobs are here
        return get_ident()

    assert len(set(run_jobs(wait, range(3), 'waiting', 3))) == 3


def test_other_errors_end_the_run():
    def wrong(_):
        raise TypeError('a mistake in the code')

    with pytest.raises(TypeError, match='a mistake in the code'):
        run_jobs(wrong, [1], 'failing')
    assert run_jobs(wrong, [], 'nothing') == []


@pytest.mark.parametrize('number', [0, 1, AT_A_TIME, 3 * AT_A_TIME + 5])
def test_many_small_jobs(number, capfd):
    found = look_at_files(lambda i: i * i, range(number), 'squares', False)
    assert found == [i * i for i in range(number)]
    assert capfd.readouterr() == ('', '')


def test_small_jobs_run_side_by_side_and_end_at_the_first_error():
    barrier = Barrier(2, timeout=60)

    def wait(number):
        if number % AT_A_TIME == 0:
            barrier.wait()
        return get_ident()

    assert len({*look_at_files(wait, range(2 * AT_A_TIME), 'waiting')}) == 2

    def wrong(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look_at_files(wrong, range(100), 'failing')
