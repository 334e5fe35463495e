"""tools/benchmark.py: its command line, a run, and what it writes."""

import json
from functools import partial

import pytest
import tiny
import torch
from tool_runs import run_tool


@pytest.fixture
def run(monkeypatch):
    """Run the tool in this process, whose threads stay as they are."""

    threads = torch.get_num_threads()
    yield partial(run_tool, monkeypatch, 'benchmark.py')
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=2)
    return tiny.write_tiny_config(tmp_path / 'one.py', root)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'wanted CONFIG..., --set NAME or --startup'),
        (['--set', 'small', 'a.py'], 'wanted CONFIG..., --set NAME or'),
        (['--set', 'small', '--precision', 'tf32'], 'is for --device cuda'),
        (['--set', 'small', '--runs', '0'], 'number from 1'),
        (['a.py', '--names', 'x', 'y'], '2 --names for 1 configs'),
        (['no.py', '--allocator', 'default'], 'config not found: no.py'),
        (['a.py', 'b/a.py'], 'Two configs are called the same'),
        (['--set', 'small', '--names', 'x'], "'x': the set has no such model"),
        (
            ['a.py', '--mode', 'onnxruntime', '--as-shipped'],
            '--as-shipped is for PyTorch',
        ),
        (['a.py', '--data', '--as-shipped'], '--as-shipped is for a model'),
        (['a.py', '--mode', 'onnxruntime', '--train'], 'is for inference on'),
        (
            ['a.py', '--mode', 'openvino', '--precision', 'bf16'],
            '--mode openvino is for inference on a CPU in fp32',
        ),
    ],
)
def test_wrong_command_lines(run, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        run(*words)
    # The interpreter prints a word, and argparse has printed it: then 2.
    assert stop.value.code
    assert message in f'{stop.value.code} {capsys.readouterr().err}'


def test_two_settings_of_two_models(run, config, tmp_path, capsys):
    other = config.with_name('other.py')
    other.write_text(config.read_text().replace('num_convs=0', 'num_convs=1'))
    out = tmp_path / 'out'
    run(
        *(config, other, '--names', 'A', 'B', '--size', '32x48'),
        *('--batch', 1, 2, '--runs', 2, '--threads', 1, '--profile'),
        *('--out-dir', out),
    )
    assert f'Report: {out / "report.md"}' in capsys.readouterr().out
    kept = json.loads((out / 'results.json').read_text())
    assert kept['facts']['runs'] == 2 and kept['facts']['device']
    found = [(r['name'], r['size'], r['batch']) for r in kept['records']]
    assert found == [
        (name, [32, 48], batch) for batch in (1, 2) for name in 'AB'
    ]
    for record in kept['records']:
        assert record['error'] == '' and len(record['seconds']) == 2
    one, other, two, _ = kept['records']
    assert two['macs'] == 2 * one['macs']
    # One 3x3 convolution of 8 channels more, at each of 8 x 12 places.
    assert other['macs'] - one['macs'] == 8 * 12 * 9 * 8 * 8
    assert {p.name for p in out.iterdir()} == {
        *('report.md', 'results.json', 'throughput_batch.png'),
        *('profile_A.txt', 'profile_B.txt'),
    }


def test_loading_instead_of_a_model(run, config, tmp_path, monkeypatch):
    threads = []
    monkeypatch.setattr('cv2.setNumThreads', threads.append)
    run(config, '--data', '--runs', 2, '--out-dir', tmp_path / 'out')
    assert threads == [0]  # as in a worker
    text = (tmp_path / 'out/loading.md').read_text()
    assert '## one: ' in text and '| RandomCrop | ' in text


def test_rows_as_shipped(run, config, tmp_path):
    out = tmp_path / 'out'
    run(
        *(config, '--names', 'A', '--size', '32x48', '--runs', 1),
        *('--threads', 1, '--as-shipped', '--out-dir', out),
    )
    kept = json.loads((out / 'results.json').read_text())
    fast, shipped = kept['records']
    assert [fast['name'], shipped['name']] == ['A', 'A, as shipped']
    assert fast['macs'] == shipped['macs']
    assert fast['parameters'] == shipped['parameters']
    assert len(fast['seconds']) == len(shipped['seconds']) == 1
    assert 'as shipped' in kept['facts']['rows']


def test_a_model_of_a_set_by_its_name(run, tmp_path):
    out = tmp_path / 'out'
    run(
        *('--set', 'small', '--names', 'UPerHead 96', '--size', '32x64'),
        *('--runs', 1, '--threads', 1, '--out-dir', out),
    )
    (record,) = json.loads((out / 'results.json').read_text())['records']
    assert record['name'] == 'UPerHead 96' and record['error'] == ''
    assert 'as shipped' not in (out / 'report.md').read_text()
