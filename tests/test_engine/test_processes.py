"""Workers that outlive no one, and are deaf to what is not for them."""

import multiprocessing
import os
import signal
import subprocess
import threading

import pytest
from torch.utils.data import DataLoader

from xnet_mm.engine import processes
from xnet_mm.engine.processes import (
    end_with_launcher,
    guard_workers,
    why_waited,
)

FORK = multiprocessing.get_context('fork')
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Pids:
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return os.getpid()


def workers(init=None):
    loader = DataLoader(
        Pids(), num_workers=2, persistent_workers=True, worker_init_fn=init
    )
    guard_workers(loader, SIGNALS)
    return loader


def test_workers_finish_what_they_were_asked_for():
    started = FORK.Value('i', 0)

    def init(worker_id):
        started.value += 1 + worker_id  # the loader's own still runs

    loader = workers(init)
    pids = {int(batch) for batch in loader}
    assert len(pids) == 2
    for name in ('TERM', 'INT', 'USR1'):  # by a process that is not theirs
        subprocess.run(['kill', f'-{name}', *map(str, pids)], check=True)
    assert {int(batch) for batch in loader} == pids
    for process in loader._iterator._workers:
        process.terminate()  # by their own
        process.join()
        assert process.exitcode == 0
    assert started.value == 3
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def train(pipe):
    loader = workers()
    pipe.send({int(batch) for batch in loader})
    threading.Event().wait()


def launch(pipe):
    """As torchrun, with a process that hangs."""
    os.environ['TORCHELASTIC_RUN_ID'] = 'none'
    if os.fork() == 0:
        end_with_launcher()
        pipe.send(os.getpid())
    threading.Event().wait()


@pytest.mark.parametrize('target', [train, launch])
def test_what_a_killed_process_started_ends(target):
    here, there = FORK.Pipe()
    process = FORK.Process(target=target, args=(there,))
    process.start()
    there.close()
    assert here.recv()
    process.kill()
    process.join()
    with pytest.raises(EOFError):  # once nobody has the other end any more
        here.recv()


def save_first(pipe):
    os.environ['TORCHELASTIC_RUN_ID'] = 'none'
    if os.fork() == 0:
        processes.LAST_WORDS = 0
        end_with_launcher()
        end_with_launcher(lambda: pipe.send('saved'))
        pipe.send('training')
    threading.Event().wait()


def test_the_launchers_death_leaves_time_to_save():
    here, there = FORK.Pipe()
    process = FORK.Process(target=save_first, args=(there,))
    process.start()
    there.close()
    assert here.recv() == 'training'
    process.kill()
    process.join()
    assert here.recv() == 'saved'
    with pytest.raises(EOFError):
        here.recv()


def test_without_a_launcher_nothing_watches(monkeypatch):
    monkeypatch.delenv('TORCHELASTIC_RUN_ID', raising=False)
    end_with_launcher(print)
    assert processes._watch is None


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('[a.cc:81] Timed out waiting 20000ms', 'Process 3 has waited too'),
        ('Watchdog caught collective operation timeout', 'waited too long'),
        ('Connection closed by peer [::1]', 'Process 3 has lost another'),
        ('Read error: Connection reset by peer', 'has lost another one'),
    ],
)
def test_what_an_error_between_processes_means(text, said):
    found = why_waited(RuntimeError(f'{text}\nmore'), 3)
    assert said in found and text in found and '--resume' in found
    assert 'more' not in found.replace('remote', '')


def test_another_error_is_another_error():
    assert why_waited(RuntimeError('CUDA out of memory'), 0) is None
