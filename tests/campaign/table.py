"""The campaign's tables: what is tried, and what came of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from campaign.case import FAILURES, VERDICTS, Case

BROKEN = 'campaign broken'


def print_cases(cases: list[Case]) -> None:
    """What is tried, one line a case."""
    table = Table('kind', 'name', 'made', 'right')
    for case in cases:
        table.add_row(case.kind, case.name, case.made, str(case.right))
    console = Console()
    console.width = max(console.width, 160)
    console.print(table, markup=False)
    print(f'{len(cases)} cases')


@contextmanager
def progress(total: int, known: list[dict]) -> Iterator[Callable]:
    """A bar; it names what fails at once."""
    with Progress(auto_refresh=False) as bar:  # no thread: this one forks
        task = bar.add_task('campaign', total=total, completed=len(known))
        bar.refresh()

        def tell(result: dict) -> None:
            if result['verdict'] in (*FAILURES, BROKEN):
                bar.console.print(_line(result), markup=False)
            bar.update(task, advance=1, description=result['kind'])
            bar.refresh()

        yield tell


def _line(result: dict) -> str:
    why = ' '.join(result['why'].split())[-300:]
    return f'{result["verdict"]}: {result["kind"]}/{result["name"]}: {why}'


def print_results(results: list[dict], state: Path) -> int:
    """Counts per kind and in sum; 1 if anything failed."""
    counts: dict[str, Counter] = {}
    for result in results:
        kind = counts.setdefault(result['kind'], Counter())
        kind[result['verdict']] += 1
    columns = [*VERDICTS]
    if any(c[BROKEN] for c in counts.values()):
        columns.append(BROKEN)
    table = Table('kind', 'tried', *columns)
    rows = {**counts, 'sum': sum(counts.values(), Counter())}
    for name, found in rows.items():
        numbers = [sum(found.values()), *(found[c] for c in columns)]
        if name == 'sum':
            table.add_section()
        table.add_row(name, *map(str, numbers))
    console = Console()
    console.width = max(console.width, 120)
    failed = [r for r in results if r['verdict'] in (*FAILURES, BROKEN)]
    for result in failed:
        console.print(_line(result), f'({result["folder"]})', markup=False)
    console.print(table)
    print(f'Results: {state}')
    return int(bool(failed))
