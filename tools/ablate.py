"""Train configs x seeds and compare: python tools/ablate.py CONFIG...

Stopped by Ctrl-C or killed, the same command goes on where it was. The report
(WORK_DIR/report.md) is written anew whenever a run has finished.

Fewer labels, spread evenly over the training images, in WORK_DIR/labels.md:

    python tools/ablate.py A.py B.py --label-fractions 1/8 1/4 1/2 1

What the models cost, for the report; let nothing else run meanwhile:

    OMP_NUM_THREADS=1 python tools/ablate.py A.py B.py --report-only --costs
"""

import shlex
import signal
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from fractions import Fraction
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from mmengine.config import Config
from rich.progress import Progress

from xnet_mm.ablation.costs import measure_costs, read_costs, write_costs
from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.label_report import LabelStudy, write_label_report
from xnet_mm.ablation.labels import count_images, label_folder, label_options
from xnet_mm.ablation.plan import Run, plan
from xnet_mm.ablation.report import write_report
from xnet_mm.ablation.runner import train, visible_gpus
from xnet_mm.arguments import (
    config_file,
    label_fraction,
    out_folder,
    positive_int,
    seed,
    threads,
)
from xnet_mm.engine.launch import read_config
from xnet_mm.errors import clear_errors


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'configs', nargs='+', type=config_file, metavar='CONFIG'
    )
    parser.add_argument('--seeds', type=seed, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--work-dir',
        type=out_folder,
        help="for the runs and the report (work_dirs/ablation/FIRST CONFIG'S "
        'FOLDER); runs lie in WORK_DIR/CONFIG/seed-N',
    )
    parser.add_argument(
        '--baseline',
        type=config_file,
        metavar='CONFIG',
        help='what all configs are compared with (the first one)',
    )
    parser.add_argument(
        '--pair',
        nargs=2,
        type=config_file,
        action='append',
        default=[],
        metavar=('CONFIG', 'BASE'),
        help='compare CONFIG with BASE too; may be given again',
    )
    parser.add_argument(
        '--jobs', type=threads, help='trainings at once (one, or one a GPU)'
    )
    parser.add_argument(
        '--report-only', action='store_true', help='train nothing'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='changes to every config, as for tools/train.py',
    )
    parser.add_argument(
        '--label-fractions',
        type=label_fraction,
        nargs='+',
        metavar='FRACTION',
        help='train each config with these shares of the images, such as '
        '1/8 1/4 1/2 1, all for the same number of iterations; 1 are the '
        'runs without this option',
    )
    parser.add_argument(
        '--costs',
        type=positive_int,
        nargs='?',
        const=20,
        metavar='TURNS',
        help='count and time the models (20 turns) before the report',
    )
    args = parser.parse_args()
    if args.costs and args.label_fractions:
        parser.error('--costs is for the report without --label-fractions')
    if args.costs and not args.report_only:
        parser.error('--costs times: with --report-only, without trainings')
    if len({*args.seeds}) < len(args.seeds):
        parser.error(f'argument --seeds: {args.seeds} names one twice')
    if args.report_only and args.jobs:
        parser.error('--jobs is for training, --report-only trains nothing')
    if args.work_dir is None:
        group = Path(args.configs[0]).resolve().parent.name
        args.work_dir = Path('work_dirs', 'ablation', group)
    stems = {Path(config).stem for config in args.configs}
    args.baseline = args.baseline or args.configs[0]
    for config in [args.baseline, *chain(*args.pair)]:
        if Path(config).stem not in stems:
            parser.error(f'{config} is compared with, but not among CONFIG...')
    args.baseline = Path(args.baseline).stem
    args.pair = [tuple(Path(c).stem for c in pair) for pair in args.pair]
    return args


def studies(
    args: Namespace, cfgs: dict[str, Config], images: int
) -> dict[Fraction, list[Run]]:
    """The runs by the fraction of labels; `images` are all of them."""
    found = {}
    for fraction in sorted(set(args.label_fractions or [Fraction(1)])):
        fewer = label_options(fraction, images)
        options = [*args.cfg_options, *fewer]
        changed = {c: read_config(c, options) for c in cfgs} if fewer else cfgs
        folder = label_folder(args.work_dir, fraction)
        found[fraction] = plan(changed, args.seeds, folder, options)
    return found


def in_order(study: dict[Fraction, list[Run]], seeds: list[int]) -> list[Run]:
    """The first seed of everything first."""
    runs = [run for part in study.values() for run in part]
    return sorted(runs, key=lambda run: seeds.index(run.seed))


def training_words() -> list[str]:
    """The command line without what trains nothing."""
    words = sys.argv[1:]
    return [
        word
        for before, word in zip(['', *words], words, strict=False)
        if word not in ('--report-only', '--costs')
        and not (before == '--costs' and word.isdecimal())
    ]


def time_costs(cfgs: dict[str, Config], args: Namespace) -> None:
    """Measure and write what the models cost."""
    with Progress() as progress:
        task = progress.add_task('Turns', total=len(cfgs) * (args.costs + 1))
        costs = measure_costs(cfgs, args.costs, lambda: progress.advance(task))
    write_costs(costs, args.work_dir)


@clear_errors
def main() -> None:
    """Train, report; ends with an error that names what is missing."""
    args = parse_args()
    command = shlex.join(['python', 'tools/ablate.py', *training_words()])
    options = args.cfg_options
    cfgs = {config: read_config(config, options) for config in args.configs}
    images = count_images(cfgs.items()) if args.label_fractions else 0
    study = studies(args, cfgs, images)
    runs = in_order(study, args.seeds)
    if args.costs:
        time_costs(cfgs, args)

    def report() -> Path:
        if args.label_fractions:
            found = LabelStudy(study, images, args.baseline, args.pair)
            return write_label_report(found, args.work_dir, command)
        ablation = Ablation(runs, args.baseline, args.pair)
        costs = read_costs(cfgs, args.work_dir)
        return write_report(ablation, args.work_dir, command, costs)

    problems = []
    if not args.report_only:
        # A shell's kill stops the trainings as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        script = Path(__file__).with_name('train.py')
        jobs = args.jobs or len(visible_gpus()) or 1
        try:
            problems = train(runs, script, jobs, report)
        except KeyboardInterrupt:
            sys.exit('Stopped. The same command goes on from here.')
    if problems:
        print('\n'.join(problems), file=sys.stderr)
    print(f'Report: {report()}')
    if problems:
        sys.exit(f'{len(problems)} of {len(runs)} runs are missing.')


if __name__ == '__main__':
    main()
