"""Where a case works: a folder, and commands in processes of their own.

Importing torch and mmseg takes longer than most cases: the campaign does it
once and forks. The child is as a fresh `python tools/NAME.py ARGUMENTS`.
"""

import atexit
import os
import resource
import runpy
import shlex
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from campaign.case import CODE, LOST, Run, check

REPO = Path(__file__).resolve().parents[2]
TOOLS = REPO / 'tools'
MEMORY = 12 * 2**30  # bytes of addresses: a bomb ends its process only
POLL = 0.002  # seconds


class Process:
    """A command that runs.

    Args:
        argv: Script and its arguments.
        folder: Where it runs, and its output goes (`.out-N`, `.err-N`).
        env: More environment; None takes a variable away.
        fork: Of this process; else a new interpreter, or any program.
        limits: `resource` limits by name.
    """

    count = 0

    def __init__(
        self,
        argv: list[str],
        folder: Path,
        env: dict | None = None,
        fork: bool = True,
        limits: dict | None = None,
    ) -> None:
        Process.count += 1
        self.argv, self.folder = argv, folder
        self.paths = [folder / f'.{n}-{Process.count}' for n in ('out', 'err')]
        self.start, self.code, self.cpu = time.monotonic(), None, 0.0
        environment = {
            **os.environ,
            'PYTHONPATH': str(REPO),
            'OMP_NUM_THREADS': '1',
            'COLUMNS': '400',
            'CUDA_VISIBLE_DEVICES': '',
            **(env or {}),
        }
        paths = [environment['PYTHONPATH'], str(REPO), str(REPO / 'tests')]
        environment['PYTHONPATH'] = os.pathsep.join(paths)
        environment = {k: v for k, v in environment.items() if v is not None}
        files = [os.open(p, os.O_WRONLY | os.O_CREAT) for p in self.paths]
        limits = {'RLIMIT_AS': MEMORY, 'RLIMIT_CORE': 0, **(limits or {})}

        def prepare() -> None:
            for name, value in limits.items():
                number = getattr(resource, name)
                hard = resource.getrlimit(number)[1]
                resource.setrlimit(number, (value, hard))

        if fork:
            self.pid = os.fork()
            if self.pid == 0:
                os.setsid()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(files[0], 1)
                os.dup2(files[1], 2)
                _become(argv, folder, environment, prepare)
        else:
            self._popen = subprocess.Popen(
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=files[0],
                stderr=files[1],
                start_new_session=True,
                preexec_fn=prepare,
            )
            self.pid = self._popen.pid
        for file in files:
            os.close(file)

    def done(self) -> bool:
        """Whether it has ended."""
        if self.code is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.cpu = used.ru_utime + used.ru_stime
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def output(self) -> str:
        """What it has printed so far."""
        return ''.join(p.read_text(errors='replace') for p in self.paths)

    def kill(self, number: int = signal.SIGKILL, group: bool = False) -> None:
        """Send a signal to it, or to it and its children."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, number)

    def wait(self, timeout: float = 120) -> Run:
        """Its end; what it leaves running is ended."""
        limit = time.monotonic() + timeout
        late = False
        while not self.done():
            if time.monotonic() > limit and not late:
                late = True
                self.kill(group=True)
            time.sleep(POLL)
        self.kill(group=True)
        out, err = (p.read_text(errors='replace') for p in self.paths)
        seconds = time.monotonic() - self.start
        words = shlex.join(map(str, self.argv))
        return Run(words, self.code, out, err, seconds, late, self.cpu)


def _become(argv: list, folder: Path, environment: dict, prepare) -> NoReturn:
    """Run a script as a fresh interpreter would, and end."""
    code = 1
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        prepare()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(0),
            os.fdopen(1, 'w', 1),
            os.fdopen(2, 'w', 1),
        )
        sys.argv = [str(word) for word in argv]
        first = [str(Path(sys.argv[0]).parent)]
        sys.path[:1] = first + environment['PYTHONPATH'].split(os.pathsep)
        atexit._clear()
        try:
            runpy.run_path(sys.argv[0], run_name='__main__')
            code = 0
        except SystemExit as end:
            code = end.code
            if code is None:
                code = 0
            elif not isinstance(code, int):
                print(code, file=sys.stderr)
                code = 1
        except KeyboardInterrupt:
            traceback.print_exc()
            code = 130
        except BaseException:
            traceback.print_exc()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


class Desk:
    """The folder of one case, and what must not happen in it.

    Attributes:
        folder: Empty at first.
        marker: Hostile files try to write it.
    """

    def __init__(self, folder: Path, world: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.world = folder, world
        self.marker = folder / 'CODE_RUN'
        self.victims: dict[Path, bytes] = {}
        self.may_leave = False
        self.runs: list[Run] = []

    def victim(self, path: Path | str, data: bytes = b'precious') -> Path:
        """A file that has to be there, as it was, in the end."""
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(data)
        self.victims[path] = path.read_bytes()
        return path

    def start(self, name: str, *args, fork=True, env=None, limits=None):
        """Start tools/NAME or any script."""
        script = Path(name) if os.path.isabs(name) else TOOLS / name
        argv = [str(script), *map(str, args)]
        if not fork:
            shell = script.suffix == '.sh'
            argv = ['bash' if shell else sys.executable, *argv]
        return Process(argv, self.folder, env, fork, limits)

    def tool(self, name: str, *args, timeout: float = 120, **options) -> Run:
        """Run tools/NAME to its end."""
        run = self.start(name, *args, **options).wait(timeout)
        self.runs.append(run)
        return run

    def check_harm(self) -> None:
        """Raise if code of a stranger was run or a file is gone."""
        check(not self.marker.exists(), 'the marker is there', CODE)
        for path, data in self.victims.items():
            check(path.exists(), f'{path.name} is gone', LOST)
            check(path.read_bytes() == data, f'{path.name} changed', LOST)

    def leftovers(self) -> list[str]:
        """Temporary files."""
        if self.may_leave:
            return []
        return sorted(p.name for p in self.folder.rglob('*.tmp*'))
