"""Whose fault it was: one sentence for a user, a traceback for us."""

import errno
import logging
import sys
from io import StringIO
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from launches import launch
from mmengine.logging import MMLogger
from parsers import TOOLS, load
from told import tell
from torch.utils.data import DataLoader

from xnet_mm.checks import check_positive
from xnet_mm.datasets.depth_io import read_depth
from xnet_mm.engine.data_check_hooks import DataCheckHook
from xnet_mm.engine.launch import process_group_closed
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.atomic import write_atomically


def raise_(error):
    raise error


def test_what_our_code_raises_on_purpose_is_a_sentence():
    assert tell(check_positive, -1, 'scale') == (
        'scale is -1, wanted a finite number above 0'
    )
    assert tell(read_depth, 'no.png', 1) == 'no.png: no such depth file'


def test_what_goes_wrong_in_our_code_is_a_defect():
    # A call and an index end in a frame of ours, but at no `raise`.
    assert tell(read_depth, None, 1, 'plain', no=1) == ''
    assert tell(DataCheckHook().compare, None, {}) == ''  # NotImplemented
    assert tell(write_atomically, 3, b'') == ''
    assert tell(np.concatenate, []) == ''
    assert tell(raise_, ValueError('of somebody')) == ''


def test_a_sentence_that_explains_another_error_is_ours(tmp_path):
    (tmp_path / 'a.npy').write_bytes(b'no array')
    said = tell(read_depth, tmp_path / 'a.npy', 1)
    assert said.startswith(f'{tmp_path}/a.npy: unreadable depth (')


def test_another_fault_while_ours_is_handled_is_seen():
    def careless():
        try:
            check_positive(0, 'scale')
        except ValueError:
            return {}['gone']

    def careful():
        try:
            check_positive(0, 'scale')
        except ValueError as error:
            raise RuntimeError('of a library') from error

    assert tell(careless) == ''
    assert tell(careful) == 'scale is 0, wanted a finite number above 0'


class Worker:
    """A data set whose only item fails."""

    def __init__(self, fail):
        self.fail = fail

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.fail()


def no_file():
    check_positive(0, 'a\n  b: scale')


def explained():
    try:
        {}['x']
    except KeyError:
        check_positive(True, 'scale')


def not_there():
    Path('/nowhere/x.png').read_bytes()


def defect():
    return read_depth(None, 1, no=1)


@pytest.mark.parametrize(
    ('fail', 'wanted'),
    [
        (no_file, 'a\n  b: scale is 0, wanted a finite number above 0'),
        (explained, 'scale is True, wanted a finite number above 0'),
        (not_there, "[Errno 2] No such file or directory: '/nowhere/x.png'"),
        (defect, ''),
    ],
)
def test_errors_of_a_loaders_worker(fail, wanted):
    loader = DataLoader(Worker(fail), num_workers=1)
    assert tell(lambda: next(iter(loader))) == wanted


def test_what_is_wrong_with_the_machine(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    assert tell(write_atomically, tmp_path / 'file/a', b'').endswith(
        f': {tmp_path}/file'
    )
    full = OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr('os.fsync', lambda _: raise_(full))
    assert tell(write_atomically, tmp_path / 'a', b'') == (
        f'No space left on device: {tmp_path}/a'
    )
    out = torch.cuda.OutOfMemoryError('CUDA out of memory. Tried 2 GiB. GPU 0')
    for error in (out, MemoryError()):
        said = tell(raise_, error)
        assert said.startswith('Out of memory (') and '--batch-size' in said
    assert tell(raise_, OSError(errno.EBADF, 'Bad file descriptor')) == ''


def test_the_tool_ends_with_the_text_and_the_log_has_it(tmp_path, monkeypatch):
    monkeypatch.setattr(MMLogger, '_instance_dict', {})
    file = tmp_path / 'run.log'
    logger = MMLogger.get_instance('of this test', log_file=str(file))
    main = clear_errors(lambda: check_positive(0, 'scale'))
    with pytest.raises(SystemExit, match='scale is 0, wanted') as stop:
        main()
    assert isinstance(stop.value.__cause__, ValueError)
    assert ' - scale is 0, wanted a finite number above' in file.read_text()
    monkeypatch.setenv('XNET_MM_TRACEBACK', '1')
    with pytest.raises(ValueError, match='scale is 0'):
        main()
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()


def test_after_a_mistake_nobody_waits_for_the_other_processes(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    for name in ('barrier', 'destroy_process_group'):
        monkeypatch.setattr(torch.distributed, name, lambda: calls.append(1))

    @clear_errors
    @process_group_closed()
    def main():
        check_positive(0, 'scale')

    with pytest.raises(SystemExit, match='scale is 0, wanted'):
        main()
    assert calls == []


@pytest.mark.parametrize('tool', TOOLS)
def test_every_tool_is_clear(tool):
    # These run without us, the last for its --check.
    alone = ('predict_exported.py', 'config_table.py', 'families_table.py')
    if tool not in alone:
        main = load(tool)['main']
        assert main.__code__ is clear_errors(main).__code__, tool


def test_what_is_no_error_passes():
    assert clear_errors(lambda x: x + 1)(1) == 2
    with pytest.raises(SystemExit, match='own'):
        clear_errors(sys.exit)('own')
    with pytest.raises(ZeroDivisionError):
        clear_errors(lambda: 1 / 0)()


def test_a_pipe_that_is_not_ours_is_seen(monkeypatch):
    monkeypatch.setattr(sys, 'stdout', StringIO())
    with pytest.raises(BrokenPipeError):
        clear_errors(raise_)(BrokenPipeError())


PROGRAM = """
import sys
sys.modules['xnet_mm'] = module = type(sys)('xnet_mm')  # without all of it
module.__path__ = [PACKAGE]
from xnet_mm.checks import check_positive
from xnet_mm.errors import clear_errors

@clear_errors
def main(way):
    if way == 'mistake':
        check_positive(0, 'scale')
    if way == 'defect':
        [][1]
    if way == 'interrupt':
        raise KeyboardInterrupt
    for _ in range(100_000):
        print('a line')

main(sys.argv[1])
"""


@pytest.mark.parametrize(
    ('way', 'status', 'wanted'),
    [
        ('mistake', 1, 'scale is 0, wanted a finite number above 0\n'),
        ('interrupt', 130, 'Interrupted.\n'),
        ('defect', 1, 'IndexError: list index out of range\n'),
    ],
)
def test_how_a_process_ends(tmp_path, way, status, wanted):
    file = write_program(tmp_path)
    done = launch(sys.executable, file, way, cwd=tmp_path)
    assert done.returncode == status
    assert done.stderr.endswith(wanted)
    assert ('Traceback' in done.stderr) == (way == 'defect')
    assert way == 'defect' or done.stderr == wanted


def test_a_reader_that_goes_away_is_no_fault(tmp_path):
    file = write_program(tmp_path)
    command = f'{sys.executable} {file} print | head -1'
    done = launch('bash', '-o', 'pipefail', '-c', command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, 'a line\n')
    assert done.stderr == ''


def write_program(folder):
    package = read_depth.__globals__['__file__'].rpartition('/datasets/')[0]
    file = folder / 'program.py'
    file.write_text(dedent(PROGRAM).replace('PACKAGE', repr(package)))
    return file
