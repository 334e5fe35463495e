"""Train a model: python tools/train.py CONFIG [--resume [CHECKPOINT]] ..."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from mmengine.registry import RUNNERS

from xnet_mm.arguments import config_file
from xnet_mm.engine import check_layer_decay
from xnet_mm.engine.launch import (
    add_launch_arguments,
    enable_amp,
    existing_file,
    load_config,
    lock_work_dir,
    process_group_closed,
)
from xnet_mm.errors import clear_errors
from xnet_mm.fileio.resuming import last_checkpoint
from xnet_mm.models.arguments import check_model_config


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description='Train a model')
    parser.add_argument(
        'config', type=config_file, help='file, or the name of a shipped one'
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from CHECKPOINT, or from the last one in the work dir',
    )
    parser.add_argument(
        '--amp', action='store_true', help='mixed precision (GPU)'
    )
    add_launch_arguments(parser)
    return parser.parse_args()


@clear_errors
@process_group_closed()
def main() -> None:
    """Train as the config and the command line say."""
    args = parse_args()
    cfg = load_config(args)
    check_model_config(cfg.get('model'))  # a config may lack it
    check_layer_decay(cfg)
    if args.amp:
        enable_amp(cfg)
    lock_work_dir(cfg)  # before anything is written there
    last = None
    if args.resume == 'auto':
        last = last_checkpoint(cfg.work_dir)
        cfg.resume = last is not None or not cfg.get('load_from')
    elif args.resume:
        cfg.resume = True
        cfg.load_from = existing_file(args.resume, 'checkpoint')
    runner = RUNNERS.get(cfg.get('runner_type', 'Runner')).from_cfg(cfg)
    if last is not None:
        runner._load_from = last  # and not in the config that the run notes
    runner.train()


if __name__ == '__main__':
    main()
