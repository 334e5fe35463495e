"""Measure a model: python tools/test.py CONFIG CHECKPOINT [--tta] ..."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner
from mmseg.registry import MODELS

from xnet_mm.arguments import (
    config_file,
    depth_scale,
    out_folder_name,
    seconds,
)
from xnet_mm.engine.launch import (
    add_launch_arguments,
    existing_file,
    load_config,
    process_group_closed,
)
from xnet_mm.errors import clear_errors
from xnet_mm.fast import accelerate
from xnet_mm.fast.allocator import keep_large_tensors
from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.fileio.pairing import check_pairing, check_settings

STOCK_HOOK = 'SegVisualizationHook'  # reads what OpenCV does


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description='Test a model')
    parser.add_argument(
        'config', type=config_file, help='file, or the name of a shipped one'
    )
    parser.add_argument('checkpoint', help='weights to test')
    parser.add_argument(
        '--out',
        type=out_folder_name,
        help='folder for the predictions: label or 16-bit depth PNGs '
        '(labels/ and depth/ of a model of both)',
    )
    parser.add_argument(
        '--depth-scale',
        type=depth_scale,
        default=1000,
        help='file units per metre of the depth PNGs (1000: mm; KITTI: 256)',
    )
    parser.add_argument('--show', action='store_true', help='show pictures')
    parser.add_argument(
        '--show-dir',
        type=out_folder_name,
        help='folder for image | truth | prediction pictures',
    )
    parser.add_argument(
        '--wait-time', type=seconds, default=2, help='for --show'
    )
    parser.add_argument(
        '--tta', action='store_true', help='test-time augmentation'
    )
    add_launch_arguments(parser)
    return parser.parse_args()


def apply_options(cfg: Config, args: Namespace) -> None:
    """Turn on pictures, test-time augmentation and files of predictions."""
    tasks = find_tasks(cfg)
    if 'classes' in tasks:
        allow_missing_labels(cfg)
    if args.show or args.show_dir:
        hook = cfg.default_hooks.setdefault('visualization', {})
        if hook.get('type', STOCK_HOOK) == STOCK_HOOK:
            hook.type = 'xnet_mm.PictureHook'
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
        save_predictions(cfg, args, tasks)


def find_tasks(cfg: Config) -> list[str]:
    """What the model predicts: 'classes', 'depth' or both."""
    kinds = getattr(MODELS.get(cfg.model.type), '__mro__', ())
    names = [kind.__name__ for kind in kinds]
    if 'DepthSegmentor' in names:
        return ['classes', 'depth']
    # Ours or MMSegmentation's.
    is_depth = any(name.endswith('DepthEstimator') for name in names)
    return ['depth' if is_depth else 'classes']


def allow_missing_labels(cfg: Config) -> None:
    """Let images without a label map be predicted and not evaluated."""
    evaluator = cfg.test_evaluator
    if isinstance(evaluator, list) or 'metrics' not in evaluator:
        evaluator = dict(metrics=evaluator)
    evaluator.setdefault('type', 'xnet_mm.LabelledEvaluator')
    cfg.test_evaluator = evaluator


def save_predictions(cfg: Config, args: Namespace, tasks: list[str]) -> None:
    """Write label maps or depth maps; both into folders of their own."""
    labels = depth = args.out
    if len(tasks) > 1:
        labels, depth = f'{args.out}/labels', f'{args.out}/depth'
    hooks = {
        'classes': dict(type='xnet_mm.SaveLabelsHook', out_dir=labels),
        'depth': dict(
            type='xnet_mm.SaveDepthHook',
            out_dir=depth,
            depth_scale=args.depth_scale,
        ),
    }
    cfg.custom_hooks = [
        *cfg.get('custom_hooks', []),
        *(hooks[task] for task in tasks),
    ]


@clear_errors
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
    keep_large_tensors(get_device())
    runner.test()
    if args.show_dir and not args.show:
        runner.logger.info(f'Pictures: {runner.visualizer.picture_dir}')
    if args.out:
        runner.logger.info(f'Predictions: {args.out}')


if __name__ == '__main__':
    main()
