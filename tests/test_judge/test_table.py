"""Tables and JSON hold every digit, and nothing that is no number."""

import csv
import json

import pytest

from xnet_mm.judge.table import write_csv, write_json


def test_csv(tmp_path):
    rows = [
        dict(name='a, "b"', x=0.1 + 0.2, n=3, e=None),
        dict(name='é\nc', x=float('nan'), n=0, e=''),
        dict(name='', x=float('inf'), n=-1, e=1e-300),
    ]
    write_csv(tmp_path / 'x/t.csv', rows)
    with (tmp_path / 'x/t.csv').open(encoding='utf-8', newline='') as file:
        read = [*csv.DictReader(file)]
    assert [row['name'] for row in read] == ['a, "b"', 'é\nc', '']
    assert float(read[0]['x']) == 0.1 + 0.2 and read[0]['e'] == ''
    assert read[1]['x'] == read[2]['x'] == ''
    assert float(read[2]['e']) == 1e-300


def test_json(tmp_path):
    content = {'a': (1, float('inf')), 2: {'b': float('nan'), 'c': 0.1 + 0.2}}
    write_json(tmp_path / 'c.json', content)
    text = (tmp_path / 'c.json').read_text()
    read = json.loads(text, parse_constant=pytest.fail)
    assert read == {'a': [1, None], '2': {'b': None, 'c': 0.1 + 0.2}}
    assert text.endswith('}\n')
