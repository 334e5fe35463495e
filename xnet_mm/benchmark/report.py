"""What was measured as a table, a file of figures and two plots."""

import io
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ..fileio.atomic import write_atomically
from ..visualization.throughput import draw_throughput, fit_exponent

COLUMNS = (
    *('model', 'median', 'quartiles', 'images/s', 'time / first'),
    *('CPU time', 'parameters', 'GMACs', 'of the limit', 'memory', 'breaks'),
)
FIELDS = ('size', 'batch', 'precision', 'mode', 'train')


def write_report(
    records: Sequence[dict[str, Any]], facts: dict[str, Any], folder: Path
) -> Path:
    """Write results.json, report.md and the plots; return report.md.

    Args:
        records: as `measure` returns them, of all settings so far.
        facts: of the machine and the versions, name -> value.
        folder: made if it is not there.
    """
    data = json.dumps(dict(facts=facts, records=list(records)), indent=1)
    write_atomically(folder / 'results.json', data.encode())
    lines = ['# Benchmark', '']
    lines += [f'- {name}: {value}' for name, value in facts.items()]
    for setting in _settings(records):
        found = _matching(records, setting)
        lines += ['', f'## {_title(setting)}', '']
        lines += markdown_table(COLUMNS, _rows(found))
        lines += ['', *_failures(found)]
        limit, copy = max(r['limit'] for r in found), found[0]['copy']
        lines += [
            '',
            f'A matrix product here: {limit / 1e9:.0f} GFLOP/s; a copy: '
            f'{copy / 1e9:.0f} GB/s read and written.',
        ]
    for axis in ('size', 'batch'):
        name = _plot(records, axis, folder)
        if name:
            lines += ['', f'![throughput]({name})']
    lines += _growth(records)
    path = folder / 'report.md'
    write_atomically(path, '\n'.join([*lines, '']).encode())
    return path


def make_table(records: Sequence[dict[str, Any]]) -> Table:
    """The records of one setting for a terminal."""
    table = Table(title=_title(_settings(records)[0]))
    for i, column in enumerate(COLUMNS):
        table.add_column(column, justify='right' if i else 'left')
    for row in _rows(records):
        table.add_row(*row)
    table.caption = '\n'.join(_failures(records)) or None
    return table


def _failures(records: Sequence[dict[str, Any]]) -> list[str]:
    return [f'{r["name"]}: {r["error"]}' for r in records if r['error']]


def _rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    first = _median(records[0])
    work = _median(records[0], 'cpu_seconds')
    rows = []
    for record in records:
        median = _median(record)
        if median is None:
            word = 'failed' if record['error'] else 'to come'
            rows.append([record['name'], word, *[''] * (len(COLUMNS) - 2)])
            continue
        passes = 3 if record['train'] else 1  # backward costs two forwards
        operations = 2 * passes * record['macs'] / median
        low, high = _quartiles(record['seconds'])
        rows.append(
            [
                record['name'],
                _duration(median),
                f'{_duration(low)}, {_duration(high)}',
                f'{record["batch"] / median:.3g}',
                f'{median / first:.2f}' if first else '',
                _work(record, work),
                f'{record["parameters"] / 1e6:.4g} M',
                f'{record["macs"] / record["batch"] / 1e9:.4g}',
                f'{100 * operations / record["limit"]:.0f} %',
                _memory(record.get('memory')),
                str(record.get('graph_breaks', '')),
            ]
        )
    return rows


def _growth(records: Sequence[dict[str, Any]]) -> list[str]:
    """How time grows with pixels, where three sizes or more were measured."""
    lines = []
    for label, points in _series(records, 'size').items():
        if len(points) > 2:
            pixels = [h * w for h, w in points]
            seconds = [seconds for _, seconds in points.values()]
            lines.append(
                f'- {label}: time grows with pixels to the power of '
                f'{fit_exponent(pixels, seconds):.2f}'
            )
    return ['', *lines] if lines else []


def _plot(
    records: Sequence[dict[str, Any]], axis: str, folder: Path
) -> str | None:
    series = {
        label: {
            (key[0] * key[1] if axis == 'size' else key): batch / seconds
            for key, (batch, seconds) in points.items()
        }
        for label, points in _series(records, axis).items()
    }
    series = {k: v for k, v in series.items() if len(v) > 1}
    if not series:
        return None
    data = io.BytesIO()
    draw_throughput(series, axis).savefig(data, format='png', dpi=120)
    name = f'throughput_{axis}.png'
    write_atomically(folder / name, data.getvalue())
    return name


def _series(
    records: Sequence[dict[str, Any]], axis: str
) -> dict[str, dict[Any, tuple[int, float]]]:
    """Label -> value of `axis` -> (batch, seconds), of what was measured."""
    found: dict[str, dict[Any, tuple[int, float]]] = {}
    others = [f for f in FIELDS if f != axis]
    varied = [f for f in others if len({str(r[f]) for r in records}) > 1]
    for record in records:
        seconds = _median(record)
        if seconds is None:
            continue
        words = [_word(f, record[f]) for f in varied]
        label = ', '.join([record['name'], *words])
        key = tuple(record[axis]) if axis == 'size' else record[axis]
        found.setdefault(label, {})[key] = record['batch'], seconds
    return found


def _settings(records: Sequence[dict[str, Any]]) -> list[tuple]:
    return list(dict.fromkeys(_setting(r) for r in records))


def _setting(record: dict[str, Any]) -> tuple:
    return tuple(
        tuple(record[f]) if f == 'size' else record[f] for f in FIELDS
    )


def _matching(
    records: Sequence[dict[str, Any]], setting: tuple
) -> list[dict[str, Any]]:
    return [r for r in records if _setting(r) == setting]


def _title(setting: tuple) -> str:
    words = [_word(*pair) for pair in zip(FIELDS, setting, strict=True)]
    return ', '.join(w for w in words if w)


def _word(field: str, value: Any) -> str:
    if field == 'size':
        return f'{value[0]}x{value[1]}'
    if field == 'train':
        return 'training step' if value else 'inference'
    return f'batch {value}' if field == 'batch' else str(value)


def _median(record: dict[str, Any], of: str = 'seconds') -> float | None:
    if record['error'] or not record[of]:
        return None
    return statistics.median(record[of])


def _work(record: dict[str, Any], first: float | None) -> str:
    """The median of the CPU's time, and over that of the first model."""
    work = _median(record, 'cpu_seconds')
    if not work or not first:
        return ''
    return f'{_duration(work)} ({work / first:.2f})'


def _quartiles(seconds: Sequence[float]) -> tuple[float, float]:
    if len(seconds) < 2:
        return seconds[0], seconds[0]
    low, _, high = statistics.quantiles(seconds, method='inclusive')
    return low, high


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f'{1000 * seconds:.3g} ms'
    return f'{seconds:.3g} s'


def _memory(size: int | None) -> str:
    return '' if size is None else f'{size / 2**20:.0f} MiB'


def markdown_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> list[str]:
    """The lines of a table."""
    rule = ['---'] * len(columns)
    return [f'| {" | ".join(cells)} |' for cells in (columns, rule, *rows)]
