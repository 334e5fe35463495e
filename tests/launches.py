"""Commands in processes of their own, several that talk to each other too."""

import os
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
# On a free port: tests run side by side.
TORCHRUN = (
    *(sys.executable, '-m', 'torch.distributed.run', '--standalone'),
    *('--local_addr', '127.0.0.1', '--nproc_per_node'),
)


def launch(*command, cwd, path=(), **env):
    """Run a command on the CPU; what it ended with and printed.

    Args:
        *command: Its words.
        cwd: Where: MMEngine's processes write files there to share them.
        path: Folders of more modules to import.
        **env: More environment.
    """
    paths = [*path, REPO, *filter(None, [os.environ.get('PYTHONPATH')])]
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(map(str, paths)),
            'PYTHONFAULTHANDLER': '1',  # a process that crashes says where
            'OMP_NUM_THREADS': '1',
            'CUDA_VISIBLE_DEVICES': '',
            **env,
        },
        capture_output=True,
        text=True,
        start_new_session=True,  # a signal to its group is not for the suite
    )
