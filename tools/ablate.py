"""Train configs x seeds and compare: python tools/ablate.py CONFIG...

Stopped by Ctrl-C or killed, the same command goes on where it was. The report
(WORK_DIR/report.md) is written anew whenever a run has finished.

Fewer labels: give `train_dataloader.dataset.indices` of MMEngine by
--cfg-options, and each fraction its own --work-dir. A number takes the first
ones, which in a video are all alike; a list spreads them, here every tenth
image of CamVid's 367:

    --cfg-options "train_dataloader.dataset.indices=[$(seq -s, 0 10 366)]"
"""

import shlex
import signal
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.plan import plan
from xnet_mm.ablation.report import write_report
from xnet_mm.ablation.runner import train, visible_gpus
from xnet_mm.arguments import out_folder, seed, threads
from xnet_mm.engine.launch import read_config
from xnet_mm.errors import clear_errors


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG')
    parser.add_argument('--seeds', type=seed, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--work-dir',
        type=out_folder,
        help="for the runs and the report (work_dirs/ablation/FIRST CONFIG'S "
        'FOLDER); runs lie in WORK_DIR/CONFIG/seed-N',
    )
    parser.add_argument(
        '--baseline',
        metavar='CONFIG',
        help='what all configs are compared with (the first one)',
    )
    parser.add_argument(
        '--pair',
        nargs=2,
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
    args = parser.parse_args()
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


@clear_errors
def main() -> None:
    """Train, report; ends with an error that names what is missing."""
    args = parse_args()
    words = [w for w in sys.argv[1:] if w != '--report-only']
    command = shlex.join(['python', 'tools/ablate.py', *words])
    options = args.cfg_options
    cfgs = {config: read_config(config, options) for config in args.configs}
    runs = plan(cfgs, args.seeds, args.work_dir, options)

    def report() -> Path:
        ablation = Ablation(runs, args.baseline, args.pair)
        return write_report(ablation, args.work_dir, command)

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
