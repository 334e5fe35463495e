"""A user's mistake as one sentence, anything else with its traceback.

The library raises plain exceptions; `clear_errors` around a tool's `main`
tells the two apart by who raised. `XNET_MM_TRACEBACK=1` shows all.
"""

import dis
import errno
import functools
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from .paths import PACKAGE

P = ParamSpec('P')
T = TypeVar('T')

SHOW_ALL = 'XNET_MM_TRACEBACK'
INTERRUPTED = 128 + 2  # as a shell counts signals
STOPPED = 75  # saved, and can go on: EX_TEMPFAIL, "try again later"
RAISE = dis.opmap['RAISE_VARARGS']
# Defects, even where our code raises them.
DEFECTS = (AssertionError, NotImplementedError, StopIteration)
# What is wrong with the machine or a path rather than with a program.
PATHS = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM),
    *(errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
}
RUNNER = ('mmengine', 'runner', 'runner.py')
REGISTRY = ('mmengine', 'registry', 'build_functions.py')
CONFIG = ('mmengine', 'config', 'config.py')
PARSERS = {'mmengine', 'yaml', 'json', 'ast.py', 'xnet_mm'}
CONFIG_MISTAKES = (
    AssertionError,
    ImportError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
WRONG_CALL = re.compile(
    r'__init__\(\) (got an unexpected keyword|missing \d+ required)'
)
# A worker's exception comes as the text of its traceback.
WRAPPED = re.compile(r'Caught \w+ in .*?\.\nOriginal Traceback', re.S)
LINKS = re.compile(
    r'\n(?:During handling of the above|The above exception was the) .*\n'
)
RAISED_AT = re.compile(r'^  File "(.+)", line \d+, in .*\n +(\S.*)$', re.M)


def clear_errors(main: Callable[P, T]) -> Callable[P, T]:
    """Decorate the `main` of a tool; outermost, so that it sees all.

    An exception that code of this package raised on purpose, or one that is
    known to be a user's mistake, ends the program with its text and status
    1; it also goes to the log file of the run. Ctrl-C ends it with status
    130, a reader that went away (`| head`) quietly. All else passes through
    with its traceback: a defect has to be seen.
    """

    @functools.wraps(main)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return main(*args, **kwargs)
        except KeyboardInterrupt:
            if os.environ.get(SHOW_ALL):
                raise
            print('Interrupted.', file=sys.stderr)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            _leave_if_nobody_reads()
            raise  # another pipe: that of a worker, say
        except Exception as error:
            text = describe(error)
            if not text or os.environ.get(SHOW_ALL):
                raise
            _log(text, error)
            raise SystemExit(text) from error

    return told


def describe(error: BaseException) -> str:
    """What to tell the user about an exception; '' where it is a defect."""
    links = list(_chain(error))
    tries = (_ours, _from_worker, _known)
    return next(filter(None, (f(link) for f in tries for link in links)), '')


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and so on.

    What merely happened before counts only where it is quoted, as OpenMMLab's
    registry does: else the last one is another fault, which must be seen.
    """
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or _quoted(link)


def _quoted(error: BaseException) -> BaseException | None:
    """The exception that this one only repeats in more words, if any."""
    before = error.__context__
    if before is None or error.__suppress_context__:
        return None
    text = _text(before)
    return before if text and text in _text(error) else None


def _text(error: BaseException) -> str:
    """Its text; that of a KeyError would come in quotation marks."""
    is_key = isinstance(error, KeyError) and len(error.args) == 1
    return str(error.args[0] if is_key else error).strip()


def _frames(error: BaseException) -> list[TracebackType]:
    """From the outermost to the one that raised."""
    frames, step = [], error.__traceback__
    while step is not None:
        frames.append(step)
        step = step.tb_next
    return frames


def _is_ours(file: str) -> bool:
    path = Path(file).resolve()
    tools = PACKAGE.parent / 'tools'  # of a clone
    return path.is_relative_to(PACKAGE) or path.is_relative_to(tools)


def _raised_on_purpose(error: BaseException) -> TracebackType | None:
    """The frame of the `raise` statement that made it; None without one.

    `[][1]` and `int('x')` end in a frame as well, but not at a `raise`.
    """
    frames = _frames(error)
    if not frames:
        return None
    last = frames[-1]
    code = last.tb_frame.f_code.co_code
    return last if code[last.tb_lasti] == RAISE else None


def _ours(error: BaseException) -> str:
    """The text of what our own code raised on purpose."""
    if isinstance(error, DEFECTS):
        return ''
    frame = _raised_on_purpose(error)
    if frame is None or not _is_ours(frame.tb_frame.f_code.co_filename):
        return ''
    return _text(error)


def _from_worker(error: BaseException) -> str:
    """The same of an exception that a data loader's worker hands over."""
    text = str(error)
    if not WRAPPED.match(text):
        return ''
    for trace in reversed(LINKS.split(text)):
        places = list(RAISED_AT.finditer(trace))
        if not places:
            continue
        file, line = places[-1].groups()
        # Behind lines of source and carets: `ValueError: its text`.
        said = re.sub(r'^(\n {4}.*)+', '', trace[places[-1].end() :]).strip()
        name, _, message = said.partition(': ')
        defect = name in [defect.__name__ for defect in DEFECTS]
        if _is_ours(file) and line.startswith('raise') and not defect:
            return _unquoted(message) if name == 'KeyError' else message
        if 'OutOfMemoryError' in name or name == 'MemoryError':
            return _out_of_memory(message)
        number = re.match(r'\[Errno (\d+)\] ', message)
        if number and int(number[1]) in PATHS:
            return message
    return ''


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in ('"', "'") else text


def _known(error: BaseException) -> str:
    """What libraries raise where the user is to blame, or the machine."""
    name, text = type(error).__name__, _text(error)
    if 'OutOfMemoryError' in name or isinstance(error, MemoryError):
        return _out_of_memory(text)
    if isinstance(error, RuntimeError) and "can't allocate memory" in text:
        return _out_of_memory(text)
    if of_config := _of_config(error):
        return of_config
    if isinstance(error, OSError) and error.errno in PATHS:
        where = f': {error.filename}' if error.filename else ''
        return f'{error.strerror}{where}'
    if text.startswith('DataLoader worker (pid'):
        return f'{text.strip()} Fewer num_workers need less memory.'
    frame = _raised_on_purpose(error)
    if frame and name == 'AttributeError' and _is_file(frame, CONFIG):
        return f'config: {text}'  # a part of it that the tool needs
    return _of_registry(error)


def _out_of_memory(text: str) -> str:
    reason = text.partition('\n')[0].partition('. GPU')[0]
    return (
        f'Out of memory ({reason or "MemoryError"}). Take a smaller batch '
        '(--batch-size, train_dataloader.batch_size) or smaller crops; '
        f'{SHOW_ALL}=1 shows where it was.'
    )


def _of_config(error: BaseException) -> str:
    """An error in a config file: which, and its line where there is one."""
    frames = _frames(error)
    names = [
        str(frame.tb_frame.f_locals['filename'])
        for frame in frames
        if _is_file(frame, CONFIG)
        and frame.tb_frame.f_code.co_name in ('fromfile', '_file2dict')
    ]
    names = [name for name in names if Path(name).is_file()]
    if not names:
        return ''
    if isinstance(error, RecursionError):
        return f'config {names[0]}: it is a base of itself'
    file, line = names[-1], ''  # the last one is a base, if any
    last = Path(frames[-1].tb_frame.f_code.co_filename)
    if last == Path(os.path.abspath(file)):
        line = f', line {frames[-1].tb_lineno}'
    elif not PARSERS.intersection(last.parts):
        return ''  # a module that the config imports
    return f'config {file}{line}: {type(error).__name__}: {_text(error)}'


def _of_registry(error: BaseException) -> str:
    """An error of what a config names: an unknown type, a wrong option."""
    text, frame = _text(error), _raised_on_purpose(error)
    if not text or not isinstance(error, CONFIG_MISTAKES):
        return ''
    by_registry = frame is not None and _is_file(frame, REGISTRY)
    if by_registry and _quoted(error):
        return ''  # it repeats what may be a defect; that comes next
    is_call = isinstance(error, TypeError) and WRONG_CALL.search(text)
    built = any(_is_file(f, REGISTRY) for f in _frames(error))
    by_runner = frame is not None and _is_file(frame, RUNNER)
    said = by_runner or (built and (is_call or frame is not None))
    return f'config: {text}' if said else ''


def _is_file(frame: TracebackType, tail: tuple[str, ...]) -> bool:
    return Path(frame.tb_frame.f_code.co_filename).parts[-3:] == tail


def _leave_if_nobody_reads() -> None:
    try:
        print(flush=True)  # a flush alone has nothing left to fail with
    except BrokenPipeError:
        # Python flushes at its end, into the pipe that is gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _log(text: str, error: Exception) -> None:
    """Into the file of the run's log, if there is one."""
    if 'mmengine.logging' not in sys.modules:
        return
    from mmengine.logging import MMLogger

    place = _frames(error)[-1]
    code = place.tb_frame.f_code
    for logger in list(MMLogger._instance_dict.values()):
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                record = logging.LogRecord(
                    logger.name,
                    logging.ERROR,
                    code.co_filename,
                    place.tb_lineno,
                    text,
                    args=None,
                    exc_info=None,
                    func=code.co_name,
                )
                handler.handle(record)
