"""The command line of the converters, and what they say at the end."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Sequence

from ...arguments import threads
from ..threads import Job, run_jobs

MOST_NAMED = 50


def make_parser(description: str | None) -> ArgumentParser:
    """A parser that prints a converter's docstring as it stands."""
    return ArgumentParser(
        description=description, formatter_class=RawDescriptionHelpFormatter
    )


def add_job_options(parser: ArgumentParser, places_files: bool = True) -> None:
    """Add what converters of many pairs have in common.

    Args:
        parser: of the converter.
        places_files: whether it puts files into a layout; then --copy, too.
    """
    if places_files:
        parser.add_argument('--copy', action='store_true', help='no links')
    parser.add_argument(
        '--skip-broken', action='store_true', help='leave broken files out'
    )
    parser.add_argument(
        '--workers', type=threads, help='threads (default: one a core)'
    )


def convert_pairs(
    function: Callable[[Job], bool],
    pairs: Sequence[Job],
    description: str,
    args: Namespace,
    broken: Sequence[str] = (),
) -> list[Job]:
    """Convert every pair and say how many were there before.

    Args:
        function: converts one; returns whether there was something to do.
            It raises OSError or ValueError where a file is missing or
            broken.
        pairs: its arguments.
        description: for the progress bar.
        args: `target` and the options of `add_job_options`.
        broken: errors that were found before.

    Returns:
        The pairs that are in the target now.

    Raises:
        SystemExit: something is broken and that may not be skipped.
    """
    results = run_jobs(function, pairs, description, args.workers)
    print(
        f'{args.target}: {results.count(True)} pairs written, '
        f'{results.count(False)} were there'
    )
    report_broken([*results, *broken], args.skip_broken)
    return [
        pair
        for pair, result in zip(pairs, results, strict=True)
        if not isinstance(result, str)
    ]


def report_broken(results: Iterable[object], skip_broken: bool) -> None:
    """Name what failed.

    Args:
        results: those of `run_jobs`; the errors are the strings among them.
        skip_broken: go on without the files that failed.

    Raises:
        SystemExit: something failed and that may not be skipped.
    """
    errors = [result for result in results if isinstance(result, str)]
    if not errors:
        return
    listing = ''.join(f'\n  {error}' for error in errors[:MOST_NAMED])
    if len(errors) > MOST_NAMED:
        listing += f'\n  ... ({len(errors)} in all)'
    if skip_broken:
        print(f'skipped {len(errors)}:{listing}')
        return
    sys.exit(
        f'{len(errors)} failed, and no list was written:{listing}\n'
        'Get these files again and repeat the run (what is done stays '
        'done), or leave them out with --skip-broken.'
    )
