"""Freed memory stays in the process, seen by its page faults."""

import os
import platform
import subprocess
import sys

import pytest

from xnet_mm.fast.allocator import keep_large_tensors

PROGRAM = """
import resource, sys
import torch
from xnet_mm.fast.allocator import give_memory_back, keep_large_tensors

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def freed():
    # MiB of the process: as it is, and after what is free is given back.
    for step in (lambda: None, give_memory_back):
        step()
        with open('/proc/self/statm') as file:
            yield int(file.read().split()[1]) // 256

done = sys.argv[1] == 'keep' and keep_large_tensors('cpu')
x = torch.ones(2**24)  # 64 MiB, 16384 pages
y = x + 1
del y
before = faults()
for _ in range(5):
    y = x + 1
    del y
print(done, faults() - before, *freed())
"""
glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='glibc alone gives memory back'
)


def run(mode, **more):
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(('MALLOC_', 'GLIBC_T'))
    }
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', PROGRAM, mode],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **more, 'OMP_NUM_THREADS': '1'},
    )
    said, *numbers = done.stdout.splitlines()[-1].split()
    return said == 'True', *map(int, numbers)


@glibc
def test_no_page_faults_after_the_first():
    done, faults, kept, left = run('keep')
    assert done
    assert faults < 1000  # of 81920 pages written
    assert kept - left > 60  # the tensor's 64 MiB, when asked for


@glibc
def test_what_the_environment_says_stays():
    done, *_ = run('keep', MALLOC_ARENA_MAX='2')
    assert not done


def test_nothing_for_a_gpu():
    assert keep_large_tensors('cuda') is False
    assert keep_large_tensors('cuda:1') is False


def test_nothing_without_glibc(monkeypatch):
    monkeypatch.setattr(platform, 'libc_ver', lambda: ('', ''))
    assert keep_large_tensors('cpu') is False
