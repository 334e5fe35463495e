"""run_jobs: results and errors in the order of the jobs."""

from threading import Barrier, get_ident

import pytest

from xnet_mm.datasets.threads import run_jobs


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
