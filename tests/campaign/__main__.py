"""python tests/campaign [--kind KIND ...] [-k WORD] [--list] [--fresh]

Tries every case and prints what came of it; ends with status 1 if one was
answered silently wrong, ran a stranger's code, lost a file or ended with a
bad error. What was cut off goes on where it was; results of other sources do
not count.
"""

import hashlib
import os
import shutil
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# Before anything imports torch: cases share the cores, and are bit-equal.
os.environ['OMP_NUM_THREADS'] = '1'
os.environ['CUDA_VISIBLE_DEVICES'] = ''

from campaign import table
from campaign.cases import KINDS, list_cases

TESTS = Path(__file__).resolve().parents[1]


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('--kind', nargs='+', choices=KINDS, default=KINDS)
    parser.add_argument('-k', default='', help='a word of the names')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--list', action='store_true', help='the table only')
    parser.add_argument('--fresh', action='store_true', help='all anew')
    parser.add_argument('--keep', action='store_true', help='all folders')
    parser.add_argument(
        '--state',
        type=Path,
        default=Path(tempfile.gettempdir(), f'xnet_mm-campaign-{os.getuid()}'),
        help='folder of results and of what failed (%(default)s)',
    )
    return parser.parse_args()


def fingerprint(*places: str) -> str:
    """Of the package and of these files or folders of the campaign."""
    digest = hashlib.sha256()
    for place in ('xnet_mm', 'tools', 'configs', *places):
        path = TESTS.parent / place
        for file in [path] if path.is_file() else sorted(path.rglob('*')):
            if file.suffix in ('.py', '.sh', '.yml'):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def warm_up() -> None:
    """Import once what every tool imports, before anything is forked."""
    import cv2
    import onnxruntime  # noqa: F401
    import timm  # noqa: F401
    import torch

    import xnet_mm.models  # noqa: F401

    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def main() -> int:
    """Try the chosen cases; 1 if one failed."""
    args = parse_args()
    cases = [
        case
        for case in list_cases()
        if case.kind in args.kind and args.k in case.name
    ]
    if args.list:
        table.print_cases(cases)
        return 0
    from campaign.runner import Pool

    state = args.state / fingerprint('tests/campaign')
    sources = [f'tests/campaign/{n}.py' for n in ('world', 'trainings')]
    world = args.state / f'world-{fingerprint(*sources)}'
    if args.fresh:
        shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    warm_up()
    from campaign.world import prepare

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends its cases
    pool = Pool(state, prepare(world), args.jobs, args.keep)
    wanted = {(c.kind, c.name) for c in cases}
    known = {k: r for k, r in pool.done().items() if k in wanted}
    if len(known) == len(cases):  # a whole campaign: the next one is anew
        pool.forget(wanted)
        known = {}
    results = list(known.values())
    with table.progress(len(cases), results) as tell:
        pool.run(
            [c for c in cases if (c.kind, c.name) not in known],
            lambda result: (results.append(result), tell(result)),
        )
    return table.print_results(results, state)


if __name__ == '__main__':
    sys.exit(main())
