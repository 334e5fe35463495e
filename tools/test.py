"""Test: python tools/test.py CONFIG CHECKPOINT [--tta] [--show-dir DIR] ..."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from mmengine.config import Config
from mmengine.runner import Runner

from xnet_mm.engine.launch import (
    add_launch_arguments,
    existing_file,
    load_config,
    process_group_closed,
)
from xnet_mm.fast import accelerate
from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.fileio.pairing import check_pairing, check_settings


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description='Test a model')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='weights to test')
    parser.add_argument(
        '--out', help='folder for the predictions: label or 16-bit depth PNGs'
    )
    parser.add_argument(
        '--depth-scale',
        type=float,
        default=1000,
        help='file units per metre of the depth PNGs (1000: mm; KITTI: 256)',
    )
    parser.add_argument('--show', action='store_true', help='show pictures')
    parser.add_argument(
        '--show-dir', help='folder for image | truth | prediction pictures'
    )
    parser.add_argument(
        '--wait-time', type=float, default=2, help='seconds for --show'
    )
    parser.add_argument(
        '--tta', action='store_true', help='test-time augmentation'
    )
    add_launch_arguments(parser)
    return parser.parse_args()


def apply_options(cfg: Config, args: Namespace) -> None:
    """Turn on pictures, test-time augmentation and files of predictions."""
    if args.show or args.show_dir:
        hook = cfg.default_hooks.setdefault(
            'visualization', dict(type='SegVisualizationHook')
        )
        # Upstream draws only every interval-th test image, the fork all.
        hook.update(
            draw=True, interval=1, show=args.show, wait_time=args.wait_time
        )
        if args.show_dir:
            cfg.visualizer.save_dir = args.show_dir
    if args.tta:
        if 'tta_pipeline' not in cfg or 'tta_model' not in cfg:
            raise SystemExit(
                '--tta needs `tta_pipeline` (data set config) and '
                f'`tta_model` (default_runtime.py, depth_runtime.py); '
                f'{args.config} lacks one.'
            )
        cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
        cfg.model = dict(cfg.tta_model, module=cfg.model)
    if args.out:
        save_predictions(cfg, args)


def save_predictions(cfg: Config, args: Namespace) -> None:
    """Write label maps where IoU is measured, else depth maps."""
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, list):
        evaluators = [evaluators]
    labels = [e for e in evaluators if e.type.endswith('IoUMetric')]
    for evaluator in labels:
        evaluator.update(output_dir=args.out, keep_results=True)
    if not labels:
        hook = dict(
            type='xnet_mm.SaveDepthHook',
            out_dir=args.out,
            depth_scale=args.depth_scale,
        )
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]


@process_group_closed()
def main() -> None:
    """Test; prints the metrics and where pictures and predictions are."""
    args = parse_args()
    checkpoint = existing_file(args.checkpoint, 'checkpoint')
    cfg = load_config(args)
    cfg.load_from = checkpoint
    apply_options(cfg, args)
    content = load_checkpoint_file(checkpoint)
    check_settings(content, checkpoint, cfg)
    runner = Runner.from_cfg(cfg)
    check_pairing(runner.model, content, checkpoint)  # before data is read
    del content
    accelerate(runner.model)
    runner.test()
    if args.show_dir and not args.show:
        runner.logger.info(f'Pictures: {runner.visualizer.picture_dir}')
    if args.out:
        runner.logger.info(f'Predictions: {args.out}')


if __name__ == '__main__':
    main()
