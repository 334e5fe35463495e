"""The report's figures and files, worked by hand."""

import json

from xnet_mm.benchmark import write_report
from xnet_mm.benchmark.report import COLUMNS, make_table, markdown_table


def record(name, seconds, error='', **fields):
    values = dict(
        name=name,
        size=(10, 20),
        batch=2,
        precision='fp32',
        mode='eager',
        train=False,
        seconds=seconds,
        cpu_seconds=[2 * s for s in seconds],
        error=error,
        macs=600,
        parameters=2_500_000,
        memory=3 * 2**20,
        limit=2400.0,
        copy=7e9,
    )
    return {**values, **fields}


def cells(folder):
    lines = (folder / 'report.md').read_text().splitlines()
    rows = [line.strip('| ').split(' | ') for line in lines if line[:1] == '|']
    return [row for row in rows if row[0] not in ('model', '---')]


def test_report_by_hand(tmp_path):
    """Median 4 s for two images: 0.5 images/s; 1200 of 9600 operations."""
    records = [
        record('A', [4.0, 2.0, 8.0]),
        record('B', [6.0, 6.0, 6.0]),
        record('C', [], error='RuntimeError: no memory'),
        record('D', []),
    ]
    write_report(records, dict(device='a hand'), tmp_path)
    first, second, third, fourth = cells(tmp_path)
    assert first == [
        *('A', '4 s', '3 s, 6 s', '0.5', '1.00'),
        *('8 s (1.00)', '2.5 M', '3e-07', '12 %', '3 MiB'),
    ]
    assert len(first) == len(COLUMNS) - 1  # no graph, no breaks
    assert second[4:6] == ['1.50', '12 s (1.50)']
    assert third[:2] == ['C', 'failed']
    assert fourth[:2] == ['D', 'to come']
    text = (tmp_path / 'report.md').read_text()
    assert 'C: RuntimeError: no memory' in text and '- device: a hand' in text
    kept = json.loads((tmp_path / 'results.json').read_text())
    assert [r['seconds'] for r in kept['records']] == [
        r['seconds'] for r in records
    ]


def test_a_training_step_is_three_passes_and_short_times_are_ms(tmp_path):
    records = [record('A', [0.25], train=True, memory=None, graph_breaks=1)]
    write_report(records, {}, tmp_path)
    # 2 * 3 * 600 operations in 0.25 s, of 2400 a second
    assert cells(tmp_path) == [
        [
            *('A', '250 ms', '250 ms, 250 ms', '8', '1.00'),
            *('500 ms (1.00)', '2.5 M', '3e-07', '600 %', '', '1'),
        ]
    ]
    text = (tmp_path / 'report.md').read_text()
    assert '## 10x20, batch 2, fp32, eager, training step' in text


def test_growth_and_plots(tmp_path):
    """Time that grows with the pixels' power 1.5, and with the batch."""
    records = [
        record('A', [(side * side) ** 1.5], size=(side, side), batch=1)
        for side in (2, 4, 8)
    ]
    write_report(records, {}, tmp_path)
    text = (tmp_path / 'report.md').read_text()
    assert 'A: time grows with pixels to the power of 1.50' in text
    assert (tmp_path / 'throughput_size.png').stat().st_size > 5000
    assert not (tmp_path / 'throughput_batch.png').exists()
    records = [record('A', [1.0], batch=b) for b in (1, 2)]
    write_report(records, {}, tmp_path)
    assert (tmp_path / 'throughput_batch.png').exists()


def test_what_failed_is_in_no_plot(tmp_path):
    records = [record('A', [1.0], batch=1), record('A', [], 'E: x', batch=2)]
    write_report(records, {}, tmp_path)
    assert not (tmp_path / 'throughput_batch.png').exists()


def test_a_terminal_gets_the_same_rows():
    table = make_table([record('A', [4.0]), record('B', [], 'E: no memory')])
    assert table.title == '10x20, batch 2, fp32, eager, inference'
    assert [column.header for column in table.columns] == list(COLUMNS)
    assert list(table.columns[0].cells) == ['A', 'B']
    assert list(table.columns[1].cells) == ['4 s', 'failed']
    assert table.caption == 'B: E: no memory'


def test_lines_of_a_table():
    assert markdown_table(('a', 'b'), [('1', '2')]) == [
        '| a | b |',
        '| --- | --- |',
        '| 1 | 2 |',
    ]
