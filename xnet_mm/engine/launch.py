"""What the tools share: the command line, the config, the processes' end.

The command line is MMSegmentation's own. Beyond it: `--resume PATH`, clear
errors, and `--launcher pytorch` on a machine without a GPU.
"""

import atexit
import faulthandler
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

from ..arguments import natural, out_folder_name
from ..fileio.config_file import load_config_file
from ..fileio.lock import PATIENCE, TRAIN_LOCK, lock_folder
from ..fileio.pairing_settings import find_hook
from ..models.arguments import check_model_config
from ..paths import configs_named
from .config_check import ConfigChanges, check_config, merge_changes
from .processes import end_with_launcher, leave_at_once, why_waited

# Of default_runtime.py: for configs that inherit another.
GUARDS = (
    'CheckpointCheckHook',
    'FiniteCheckHook',
    'ModelCheckHook',
    'ResumeSettingsHook',
    'StopOnSignalHook',
)


def add_launch_arguments(parser: ArgumentParser) -> None:
    """Add the options that training and testing have in common."""
    parser.add_argument(
        '--work-dir',
        type=out_folder_name,
        help='folder of logs and checkpoints (work_dirs/CONFIG)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigChanges,
        help='changes to the config: key=value, nested as a.b.c=value, lists '
        'as key="[a,b]" (no blanks, in quotation marks)',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='who starts the processes; pytorch (torchrun) also without a GPU',
    )
    # torch.distributed.launch passes it, torchrun sets LOCAL_RANK.
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=natural,
        default=0,
        help='internal',
    )


def existing_file(path: str, what: str) -> str:
    """`path`, or an end of the program that says what is missing."""
    if Path(path).is_dir():
        raise SystemExit(f'{path} is a folder, wanted the {what} itself.')
    meant = [f'{p.parent.name}/{p.stem}' for p in configs_named(path)]
    if len(meant) > 1:
        raise SystemExit(
            f'{path}: {len(meant)} configs begin so; wanted one of '
            f'{", ".join(meant)}'
        )
    if not Path(path).is_file():
        raise SystemExit(
            f'{what} not found: {path} (looked in {Path.cwd()}). '
            'Give the path of an existing file.'
        )
    return path


def crop_size(cfg: Config) -> tuple[int, int]:
    """(height, width) that a config's model is trained at.

    Raises:
        SystemExit: the config names none.
    """
    size = cfg.model.data_preprocessor.get('size')
    if not size:
        raise SystemExit(f'{cfg.filename} has no crop size: give --size HxW.')
    height, width = size
    return height, width


def read_config(path: str, options: Sequence[str] = ()) -> Config:
    """The config as tools/train.py would have it.

    Args:
        path: of the config.
        options: as on the command line after `--cfg-options`.

    Raises:
        SystemExit: no such file.
    """
    parser = ArgumentParser()
    parser.add_argument('config')
    add_launch_arguments(parser)
    extra = ['--cfg-options', *options] if options else []
    return load_config(parser.parse_args([path, *extra]))


def load_config(args: Namespace) -> Config:
    """Read the config and merge the command line into it.

    The work dir is the command line's, else the config's own, else
    `work_dirs/STEM`.

    Args:
        args: `config` and the options of `add_launch_arguments`.

    Raises:
        SystemExit: no such file, or a launcher that needs a GPU.
        ValueError: options that do not fit the config, or a number of it
            that no run survives; see `check_model_config`.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = load_config_file(existing_file(args.config, 'config'))
    cfg.launcher = args.launcher
    merge_changes(cfg, args.cfg_options)
    check_config(cfg)
    if 'model' in cfg:
        check_model_config(cfg.model)
    if args.work_dir or not cfg.get('work_dir'):
        default = str(Path('work_dirs') / Path(args.config).stem)
        cfg.work_dir = args.work_dir or default
    for name in GUARDS:
        add_hook(cfg, name)
    if args.launcher != 'none':
        _timeout(cfg)
        end_with_launcher()
        if not torch.cuda.is_available():
            distribute_on_cpu(cfg)
    return cfg


def lock_work_dir(cfg: Config) -> None:
    """Be the only training in the work dir, before anything is written.

    Raises:
        FolderInUseError: another one is at work there.
    """
    ranks = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')
    given = [os.environ[name] for name in ranks if name in os.environ]
    if cfg.launcher == 'none' or not given or given[0] == '0':
        lock_folder(cfg.work_dir, TRAIN_LOCK, PATIENCE)


def add_hook(cfg: Config, name: str) -> None:
    """Add one of our hooks to a config that lacks it."""
    if find_hook(cfg, name) is None:
        hooks = list(cfg.get('custom_hooks') or [])
        cfg.custom_hooks = [*hooks, dict(type=f'xnet_mm.{name}')]


def distribute_on_cpu(cfg: Config) -> None:
    """Make MMEngine's distributed run work without a GPU.

    MMEngine selects a CUDA device before it makes the process group, and
    gives DistributedDataParallel that device: so the group is made here
    (gloo), the wrapper is named in the config, and SyncBN, which exists on
    GPUs only, becomes BN.

    Raises:
        SystemExit: a launcher other than `pytorch`.
    """
    if cfg.launcher != 'pytorch':
        raise SystemExit(
            f'--launcher {cfg.launcher} needs a GPU and none is visible. '
            'Without one use `bash tools/dist_train.sh CONFIG PROCESSES`.'
        )
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo', timeout=_timeout(cfg))
    wrapper = ConfigDict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper.update(cfg.get('model_wrapper_cfg') or {}, device_ids=None)
    cfg.model_wrapper_cfg = wrapper
    cfg.pop('sync_bn', None)
    layers = [d for d in _dicts(cfg.model) if d.get('type') == 'SyncBN']
    for layer in layers:
        layer['type'] = 'BN'
    message = 'No GPU: processes talk through gloo'
    if layers:
        message += f', SyncBN -> BN in {len(layers)} places of the config'
    print_log(f'{message}.', logger='current')


def _timeout(cfg: Config) -> timedelta | None:
    """How long a process waits for another one; None is PyTorch's own.

    Raises:
        SystemExit: no number of seconds.
    """
    dist_cfg = (cfg.get('env_cfg') or {}).get('dist_cfg') or {}
    seconds = dist_cfg.get('timeout')
    if seconds is None:
        return None
    if not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
        raise SystemExit(
            f'env_cfg.dist_cfg.timeout={seconds!r}: give a number of seconds '
            'above 0, how long a process waits for the others.'
        )
    return timedelta(seconds=seconds)


@contextmanager
def process_group_closed() -> Iterator[None]:
    """Close the process group, whoever made it, and leave at once.

    Decorates the `main` of a tool. A process that leaves while another still
    reads from it breaks that one's connection, so all wait for each other
    first. After an error there is no waiting: the others may never come.

    Then the process ends without taking the interpreter apart. gloo's
    threads outlive `destroy_process_group` while anything refers to the
    group (meshes, sharded weights do), and hold the tensors of the last
    operations, and so Python objects. One that lets go of them meanwhile
    asks for the interpreter's lock; Python up to 3.13 answers by ending the
    thread, within a destructor: "terminate called without an active
    exception", or a segmentation fault, in one of some hundred runs.

    Without a process group the program ends as any other. A process that a
    signal ends says where it was.

    Raises:
        SystemExit: another process hangs, or is gone.
    """
    if not faulthandler.is_enabled():
        faulthandler.enable()
    distributed = torch.distributed
    try:
        yield
        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()
            distributed.destroy_process_group()
            atexit.register(leave_at_once)
    except RuntimeError as error:
        if not (distributed.is_available() and distributed.is_initialized()):
            raise
        text = why_waited(error, distributed.get_rank())
        if text is None:
            raise
        atexit.register(leave_at_once, 1)
        raise SystemExit(text) from error


def enable_amp(cfg: Config) -> None:
    """Switch the optimiser wrapper to mixed precision.

    Raises:
        SystemExit: no GPU, or a wrapper that cannot be switched.
    """
    if not torch.cuda.is_available():
        raise SystemExit(
            '--amp needs a GPU (AmpOptimWrapper of MMEngine refuses the '
            'CPU) and none is visible. Leave --amp out.'
        )
    if cfg.optim_wrapper.type not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise SystemExit(
            f'--amp turns OptimWrapper into AmpOptimWrapper, but the config '
            f'has {cfg.optim_wrapper.type}. Leave --amp out and set the '
            'precision in the config.'
        )
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def _dicts(node: object) -> Iterator[dict]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from _dicts(child)
