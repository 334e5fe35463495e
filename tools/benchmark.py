"""Speed of two or more configs in one run: python tools/benchmark.py CONFIG...

Random weights, made-up images; the models take turns (A B A B), and every
figure stands beside what a matrix product and a copy reach in the same run.
Writes report.md, results.json and plots to --out-dir after each setting.

    python tools/benchmark.py --set small
    python tools/benchmark.py --set segmentation --as-shipped --runs 3
    python tools/benchmark.py A.py B.py --batch 1 4 --mode eager compiled
    python tools/benchmark.py A.py B.py --train --device cuda --precision bf16
    python tools/benchmark.py A.py --data --runs 100
    python tools/benchmark.py A.py --predict 100 --threads 1
    python tools/benchmark.py --startup 20000

Sets are in configs/benchmark.yml. Every model, the peers too, is made fast by
xnet_mm.fast; --as-shipped adds a row for each that runs its library's own
code. Columns: 'time / first' is the median over that of the first model; CPU
time is that of all threads, which neighbours on the machine change less (in
brackets over the first model's); GMACs are those of one image's forward pass,
for both rows those of the fast model (a training step is reckoned as three);
'of the limit' is the share of what a matrix product reaches; memory is the
most that one call needs beyond weights and input (on a CPU: tensors, without
scratch memory inside operators); breaks are those of the compiled graph.
`--mode compiled` freezes the weights on a CPU, as TORCHINDUCTOR_FREEZING=1
does for any program. `--mode onnxruntime` and `openvino` export each model
first (extras `deploy` and `openvino`).
"""

import os
import platform
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import cv2
import torch
import yaml
from mmengine.config import Config
from rich.console import Console
from rich.progress import Progress

from xnet_mm.arguments import (
    config_file,
    device,
    image_size,
    out_folder,
    positive_int,
    threads,
)
from xnet_mm.benchmark import (
    build_subjects,
    measure,
    write_report,
)
from xnet_mm.benchmark.clock import Clock
from xnet_mm.benchmark.loading import report_loading
from xnet_mm.benchmark.profile import write_profile
from xnet_mm.benchmark.report import make_table
from xnet_mm.benchmark.sets import set_configs
from xnet_mm.benchmark.setting import DTYPES, EXPORTED, MODES, settings
from xnet_mm.benchmark.startup import report_startup
from xnet_mm.engine.launch import crop_size, existing_file
from xnet_mm.errors import clear_errors
from xnet_mm.fast.allocator import keep_large_tensors
from xnet_mm.fileio.config_file import load_config_file
from xnet_mm.prediction.speed import report_predicting

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def parse_args(sets: dict[str, dict]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'configs', nargs='*', type=config_file, metavar='CONFIG'
    )
    parser.add_argument('--set', choices=sets, help='instead of CONFIG...')
    parser.add_argument(
        '--names',
        nargs='+',
        help='one a config (its stem); with --set, which of its models',
    )
    parser.add_argument(
        '--size',
        nargs='+',
        type=image_size,
        metavar='HxW',
        help="pixels (the set's, or the first config's crop size)",
    )
    parser.add_argument('--batch', nargs='+', type=positive_int, default=[1])
    parser.add_argument(
        '--precision', nargs='+', choices=DTYPES, default=['fp32']
    )
    parser.add_argument('--mode', nargs='+', choices=MODES, default=['eager'])
    parser.add_argument(
        '--as-shipped',
        action='store_true',
        help='each model also without what makes it fast, in the same turns',
    )
    parser.add_argument(
        '--train', action='store_true', help='a training step, fused AdamW'
    )
    parser.add_argument(
        '--data',
        action='store_true',
        help='no model: load --runs training images of each config in one '
        'process, as a worker does, and time each transform',
    )
    parser.add_argument(
        '--predict',
        type=positive_int,
        metavar='IMAGES',
        help='as tools/predict.py does: made-up JPEGs of 1 to 12 megapixels',
    )
    parser.add_argument(
        '--startup',
        type=positive_int,
        metavar='FILES',
        help='no config: build data sets of so many made-up files, twice',
    )
    parser.add_argument(
        '--device', type=device, default='cpu', help='cpu or cuda[:N]'
    )
    parser.add_argument(
        '--runs', type=positive_int, default=10, help='timed calls'
    )
    parser.add_argument('--threads', type=threads, help='of a CPU (all cores)')
    parser.add_argument(
        '--allocator',
        choices=['default', 'keep'],
        default='default',
        help="CPU on Linux: glibc's default, or keep large tensors in the "
        'process, which speeds up all models',
    )
    parser.add_argument(
        '--profile',
        action='store_true',
        help='also write the slowest operators of each model',
    )
    parser.add_argument(
        '--out-dir', type=out_folder, default=Path('work_dirs/benchmark')
    )
    args = parser.parse_args()
    if sum(map(bool, (args.configs, args.set, args.startup))) != 1:
        parser.error('wanted CONFIG..., --set NAME or --startup FILES')
    if args.names and args.configs and len(args.names) != len(args.configs):
        parser.error(
            f'{len(args.names)} --names for {len(args.configs)} configs'
        )
    if args.device == 'cpu':
        for given, wrong in (
            (args.precision, {'tf32', 'fp16'}),
            (args.mode, {'cuda-graphs'}),
        ):
            if wrong & {*given}:
                parser.error(f'{wrong & {*given}} is for --device cuda')
    exported = [mode for mode in EXPORTED if mode in args.mode]
    if exported and (
        args.train or args.device != 'cpu' or args.precision != ['fp32']
    ):
        parser.error(f'--mode {exported[0]} is for inference on a CPU in fp32')
    if exported and args.as_shipped:
        parser.error(
            f'--as-shipped is for PyTorch, not for --mode {exported[0]}'
        )
    if args.data:
        given = [
            name
            for name in ('train', 'profile', 'size', 'threads', 'as_shipped')
            if getattr(args, name)
        ]
        if given:
            option = given[0].replace('_', '-')
            parser.error(f'--{option} is for a model, --data runs none')
    return args


@clear_errors
def main() -> None:
    """Build, measure setting by setting, report after each."""
    sets = yaml.safe_load((CONFIGS / 'benchmark.yml').read_text())
    args = parse_args(sets)
    if args.allocator == 'keep' and not keep_large_tensors(args.device):
        args.allocator = 'default'  # as the report then says
    if args.threads or args.device == 'cpu':
        torch.set_num_threads(args.threads or os.cpu_count() or 1)
    chosen = sets.get(args.set, {})
    configs = _configs(args, chosen)
    console = Console(width=max(120, Console().width))
    if args.startup:
        report = report_startup(args.startup, args.out_dir, console)
        console.print(f'Report: {report}')
        return
    if args.data or args.predict:  # models of transformers have no data
        configs = {k: c for k, c in configs.items() if 'train_dataloader' in c}
    if args.data:
        cv2.setNumThreads(0)  # as in a worker, where others do the rest
        torch.set_num_threads(1)
        report = report_loading(configs, args.runs, args.out_dir, console)
        console.print(f'Report: {report}')
        return
    if args.predict:
        report = report_predicting(
            configs, args.predict, args.device, args.out_dir, console
        )
        console.print(f'Report: {report}')
        return
    sizes = args.size or [image_size(s) for s in chosen.get('sizes', [])]
    sizes = sizes or [crop_size(next(iter(configs.values())))]
    clock = Clock(args.device)
    torch.manual_seed(0)
    with Progress(console=console) as progress:
        building = progress.add_task('building', total=len(configs))
        subjects = []
        for name, cfg in configs.items():
            subjects += build_subjects(
                name, cfg, args.device, args.train, args.as_shipped
            )
            progress.advance(building)
        plan = settings(
            sizes, args.batch, args.precision, args.mode, args.train
        )
        calls = len(subjects) * (args.runs + 1)
        task = progress.add_task('measuring', total=len(plan) * calls)
        records: list[dict] = []

        def keep(new: list[dict]) -> None:
            """Write what there is, so that a stopped run is not lost."""
            write_report([*records, *new], _facts(args, clock), args.out_dir)

        for setting in plan:
            progress.update(task, description=str(setting))
            new = measure(
                subjects,
                setting,
                clock,
                args.runs,
                lambda: progress.advance(task),
                keep,
            )
            records += new
            progress.console.print(make_table(new))
    if args.profile:
        for subject in subjects:
            if subject.model is not None:
                path = write_profile(subject, plan[0], clock, args.out_dir)
                console.print(f'Profile: {path}')
    console.print(f'Report: {args.out_dir / "report.md"}')


def _configs(args: Namespace, chosen: dict) -> dict[str, Config]:
    """Name -> config, of the command line or of a set."""
    if chosen:
        return set_configs(chosen, CONFIGS, args.names)
    names = args.names or [Path(c).stem for c in args.configs]
    if len({*names}) < len(names):
        raise SystemExit(f'Two configs are called the same: {names}. --names')
    return {
        name: load_config_file(existing_file(path, 'config'))
        for name, path in zip(names, args.configs, strict=True)
    }


def _facts(args: Namespace, clock: Clock) -> dict[str, object]:
    facts = dict(
        device=clock.name,
        torch=torch.__version__,
        python=platform.python_version(),
        runs=args.runs,
        rows='all made fast by xnet_mm.fast, the peers too'
        + ", but for those 'as shipped'" * args.as_shipped,
    )
    if not clock.is_cuda:
        kept = args.allocator == 'keep'
        facts['allocator'] = 'glibc, large tensors kept' if kept else 'default'
    return facts


if __name__ == '__main__':
    main()
