"""Memory counted by hand; what a clock calls itself."""

import torch
from needs import MEMORY_ON_CPU, needs_torch

from xnet_mm.benchmark.clock import Clock


@needs_torch('2.4', 'memory of tensors on a CPU')
def test_memory_of_tensors_that_live_together():
    """a and b; then b and what is made of it twice; views are free."""

    def call():
        a = torch.zeros(1000) + 1
        b = a * 2
        del a
        c = b.view(10, 100).add_(1) + 1
        del b
        return (c + 1).sum()

    # zeros and zeros + 1, or c, c + 1 and the sum
    assert Clock('cpu').peak_memory(call) == 8000 + 4


@needs_torch('2.4', 'memory of tensors on a CPU')
def test_what_was_there_before_does_not_count():
    weight = torch.ones(1000)
    assert Clock('cpu').peak_memory(lambda: weight.mul_(2)) == 0
    assert Clock('cpu').peak_memory(lambda: weight.mul_(2) + 1) == 4000


def test_what_is_not_known_is_none():
    found = Clock('cpu').peak_memory(lambda: torch.zeros(3) + 1)
    assert (found is not None) == MEMORY_ON_CPU


def test_time_runs_the_call_once(monkeypatch):
    looks, calls = iter([10.0, 12.5]), []
    monkeypatch.setattr('time.perf_counter', lambda: next(looks))
    assert Clock('cpu').time(lambda: calls.append(1)) == 2.5
    assert calls == [1]


def test_limits_are_the_best_of_three(monkeypatch):
    """2 * 2048^3 operations, and 2 * 256 MiB of a copy."""
    clock = Clock('cpu')
    seconds = iter([5.0, 2.0, 3.0, 7.0, 4.0, 9.0, 1.0, 0.5, 2.0])
    monkeypatch.setattr(clock, 'time', lambda call: next(seconds))
    product, copy = clock.limits(torch.float32)
    assert product == 2 * 2048**3 / 2.0
    assert copy == 2 * 2**28 / 0.5
    assert next(seconds, None) is None


def test_a_cpu_says_its_threads():
    assert Clock('cpu').name.endswith(f', {torch.get_num_threads()} threads')
