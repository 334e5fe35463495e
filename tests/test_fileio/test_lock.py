"""One holder at a time; dead ones, and systems without locks, do not block."""

import errno
import multiprocessing
import os

import pytest

from xnet_mm.fileio import lock
from xnet_mm.fileio.lock import (
    FolderInUseError,
    in_turn,
    lock_folder,
    unlock_folder,
)

FORK = multiprocessing.get_context('fork')  # imports nothing again


def hold(folder, pipe):
    lock_folder(folder, 'lock')
    if os.fork() == 0:  # as a data worker, which lives longer
        pipe.recv()
        os._exit(0)
    pipe.send('held')
    os.wait()


@pytest.fixture
def holder(tmp_path):
    """Another process that has the lock, and a child that would inherit."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold, args=(tmp_path, there))
    process.start()
    assert here.recv() == 'held'
    yield process
    here.send('go')
    process.kill()
    process.join()


def test_refused_while_the_holder_lives(tmp_path, holder):
    text = f'{tmp_path} is in use by process {holder.pid} on .*--work-dir'
    with pytest.raises(FolderInUseError, match=text):
        lock_folder(tmp_path, 'lock')
    assert lock_folder(tmp_path, 'another lock')
    holder.kill()
    holder.join()  # its child lives
    assert lock_folder(tmp_path, 'lock')
    assert str(os.getpid()) in (tmp_path / 'lock').read_text()
    assert lock_folder(tmp_path, 'lock')  # by whoever holds it already
    for name in ('lock', 'lock', 'another lock'):
        unlock_folder(tmp_path, name)


def test_a_holder_that_is_ending_is_waited_for(tmp_path, holder, monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _: (holder.kill(), holder.join()))
    assert lock_folder(tmp_path, 'lock', patience=600)
    unlock_folder(tmp_path, 'lock')


@pytest.mark.parametrize('number', [errno.ENOLCK, errno.ENOSYS, None])
def test_a_file_system_without_locks(tmp_path, monkeypatch, number):
    said = []
    monkeypatch.setattr(lock, 'print_log', lambda text, **_: said.append(text))

    def lockf(*_):
        raise OSError(number, os.strerror(number))

    if number is None:  # Windows
        monkeypatch.setattr(lock, 'fcntl', None)
    else:
        monkeypatch.setattr(lock.fcntl, 'lockf', lockf)
    assert not lock_folder(tmp_path, 'lock')
    assert said[0].startswith(f'{tmp_path / "lock"} cannot be locked')


def add_one(path, times):
    for _ in range(times):
        with in_turn(path.with_name('lock')):
            path.write_text(str(int(path.read_text()) + 1))


def test_in_turn(tmp_path, monkeypatch):
    path = tmp_path / 'number'
    path.write_text('0')
    processes = [
        FORK.Process(target=add_one, args=(path, 300)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert path.read_text() == '600'
    monkeypatch.setattr(lock, 'fcntl', None)  # nobody waits
    add_one(path, 1)
    assert path.read_text() == '601'
