"""The benchmark's order, figures and files, worked by hand."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from mmengine.config import Config
from torch import nn

from xnet_mm.benchmark import (
    Setting,
    Subject,
    build_subject,
    measure,
    write_report,
)
from xnet_mm.benchmark.clock import Clock
from xnet_mm.benchmark.loading import time_loading, write_loading
from xnet_mm.benchmark.measure import onnxruntime_call
from xnet_mm.benchmark.profile import write_profile
from xnet_mm.benchmark.report import COLUMNS
from xnet_mm.benchmark.subject import make_batch
from xnet_mm.visualization.throughput import fit_exponent

ROOT = Path(__file__).resolve().parents[1]
SMALL = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
PEER = 'baselines/camvid/upernet_effnet-lite0_1xb4-2k_camvid-192x256.py'


class Named(nn.Module):
    """Notes its calls; one 1x1 convolution, 3 to 2 channels."""

    def __init__(self, name, calls, fails=False):
        super().__init__()
        self.name, self.calls, self.fails = name, calls, fails
        self.conv = nn.Conv2d(3, 2, 1)
        self.auxiliary_head = None

    def forward(self, image, mode):
        return self.conv(image)

    def encode_decode(self, image, metas):
        self.calls.append(self.name)
        if self.fails and self.calls.count(self.name) > self.fails:
            raise RuntimeError('out of luck\nsecond line')
        return self.conv(image)


class HandClock(Clock):
    """Every call takes 2 s, or as said; 100 operations a second."""

    def __init__(self, seconds=(2.0,)):
        super().__init__('cpu')
        self.seconds = itertools.cycle(seconds)

    def limits(self, dtype):
        return 100.0, 7e9

    def time(self, call):
        call()
        return next(self.seconds)


def subject(name, calls, fails=False):
    model = Named(name, calls, fails).eval()
    return Subject(name, model, Named(name, []).to('meta'))


def record(name, seconds, error='', **fields):
    values = dict(
        name=name,
        size=(10, 20),
        batch=2,
        precision='fp32',
        mode='eager',
        train=False,
        seconds=seconds,
        error=error,
        macs=600,
        memory=3 * 2**20,
        limit=2400.0,
        copy=7e9,
    )
    return {**values, **fields}


def cells(folder):
    lines = (folder / 'report.md').read_text().splitlines()
    rows = [line.strip('| ').split(' | ') for line in lines if line[:1] == '|']
    return [row for row in rows if row[0] not in ('model', '---')]


def test_models_take_turns():
    calls = []
    clock = HandClock()
    found = measure(
        [subject('A', calls), subject('B', calls)],
        Setting((4, 6), batch=5),
        clock,
        runs=3,
    )
    assert calls[-6:] == ['A', 'B'] * 3
    assert [r['seconds'] for r in found] == [[2.0] * 3] * 2
    # 4 * 6 pixels, 3 * 2 weights, a batch of 5
    assert [r['macs'] for r in found] == [4 * 6 * 3 * 2 * 5] * 2
    # (5, 2, 4, 6) float32 come out, and nothing else is made
    assert [r['memory'] for r in found] == [5 * 2 * 4 * 6 * 4] * 2


def test_short_calls_count_from_the_second_of_a_turn():
    calls = []
    found = measure(
        [subject('A', calls), subject('B', calls)],
        Setting((4, 6)),
        HandClock([0.4, 0.1, 0.3, 0.2]),
        runs=2,
    )
    assert calls[-8:] == ['A', 'A', 'B', 'B'] * 2
    assert [r['seconds'] for r in found] == [[0.1] * 2, [0.2] * 2]


def test_a_failure_is_noted_and_the_others_go_on():
    calls = []
    found = measure(
        [
            Subject('absent', None, None, 'ImportError: no mmdet'),
            subject('B', calls, fails=5),
            subject('C', calls),
        ],
        Setting((4, 6)),
        HandClock(),
        runs=3,
    )
    errors = [r['error'] for r in found]
    assert errors == ['ImportError: no mmdet', 'RuntimeError: out of luck', '']
    assert [len(r['seconds']) for r in found][2] == 3


def test_report_by_hand(tmp_path):
    """Median 4 s for two images: 0.5 images/s; 1200 of 9600 operations."""
    records = [
        record('A', [4.0, 2.0, 8.0]),
        record('B', [6.0, 6.0, 6.0]),
        record('C', [], error='RuntimeError: no memory'),
    ]
    write_report(records, dict(device='a hand'), tmp_path)
    first, second, third = cells(tmp_path)
    assert first == [
        *('A', '4 s', '3 s, 6 s', '0.5', '1.00', '3e-07', '12 %', '3 MiB'),
    ]
    assert len(first) == len(COLUMNS) - 1  # no graph, no breaks
    assert second[4] == '1.50'
    assert third[:2] == ['C', 'failed']
    text = (tmp_path / 'report.md').read_text()
    assert 'C: RuntimeError: no memory' in text and '- device: a hand' in text
    kept = json.loads((tmp_path / 'results.json').read_text())
    assert [r['seconds'] for r in kept['records']] == [
        r['seconds'] for r in records
    ]


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


def test_exponent():
    assert math.isclose(fit_exponent([1, 10, 100], [5, 50, 500]), 1)
    assert math.isclose(fit_exponent([1, 4], [3, 48]), 2)


def test_memory_of_tensors_that_live_together():
    """a and b; then b and what is made of it twice; views are free."""

    def call():
        a = torch.zeros(1000) + 1
        b = a * 2
        del a
        c = b.view(10, 100).add_(1) + 1
        del b
        return (c + 1).sum()

    # zeros and zeros + 1, or c, c + 1 and the sum
    assert Clock('cpu').peak_memory(call) == 8000 + 4


@pytest.mark.parametrize('train', [False, True])
@pytest.mark.parametrize('path', [SMALL, PEER])
def test_shipped_models_run(path, train):
    cfg = Config.fromfile(ROOT / 'configs' / path)
    built = build_subject('it', cfg, 'cpu', train)
    (found,) = measure(
        [built], Setting((64, 64), 2, train=train), Clock('cpu'), 1
    )
    assert found['error'] == '' and found['seconds'][0] > 0
    assert found['macs'] > 1e7 and found['memory'] > 1e5


def test_a_config_that_cannot_be_built_says_why():
    cfg = Config(dict(model=dict(type='NoSuchSegmentor')))
    built = build_subject('it', cfg, 'cpu')
    assert built.model is None
    assert 'NoSuchSegmentor is not in the' in built.error


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'wanted CONFIG... or --set NAME'),
        (['--set', 'small', 'a.py'], 'wanted CONFIG... or --set NAME'),
        (['--set', 'small', '--precision', 'tf32'], 'is for --device cuda'),
        (['--set', 'small', '--runs', '0'], 'wanted 1 or more'),
        (['a.py', '--names', 'x', 'y'], '2 --names for 1 configs'),
        (['no.py', '--allocator', 'default'], 'config not found: no.py'),
    ],
)
def test_wrong_command_lines(words, message):
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools/benchmark.py'), *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode and message in done.stderr


def test_onnxruntime_gives_the_models_own_logits():
    model = build_subject(
        'A', Config.fromfile(ROOT / 'configs' / SMALL), 'cpu'
    ).model
    setting = Setting((96, 64), batch=2, mode='onnxruntime')
    [got] = onnxruntime_call(model, setting)()
    preprocessor = model.data_preprocessor
    image = make_batch(2, (96, 64), 'cpu')
    image = (image - preprocessor.mean) / preprocessor.std
    metas = [dict(img_shape=(96, 64))] * 2
    with torch.no_grad():
        wanted = model.encode_decode(image, metas)
    assert got.shape == wanted.shape
    error = abs(torch.from_numpy(got) - wanted).max() / abs(wanted).max()
    assert error < 1e-4


def loaded_config(tmp_path, **dataset):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=2)
    path = tiny.write_tiny_config(tmp_path / 'a.py', root)
    cfg = Config.fromfile(path)
    cfg.train_dataloader.dataset.update(dataset)
    return cfg


def test_loading_by_hand(tmp_path, monkeypatch):
    """A clock that goes on by 1, 2, 3... s from look to look."""
    cfg = loaded_config(tmp_path)
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
    ]
    looks = itertools.accumulate(itertools.count(1))
    ticks = []
    monkeypatch.setattr('time.perf_counter', lambda: next(looks))
    loading = time_loading('a', cfg, 2, lambda: ticks.append(1))
    monkeypatch.undo()
    # 1 and 3 of the first image, then 6 to 10, 15 to 21, 28 to 36, 45 to 55.
    assert loading.transforms == [
        ('LoadImageFromFile', [4, 8]),
        ('LoadAnnotations', [6, 10]),
    ]
    assert loading.images == 2 and loading.seconds == 14 and len(ticks) == 3
    text = write_loading([loading], tmp_path).read_text()
    assert '## a: 14000.0 ms an image, 0 images/s a worker' in text
    assert '| LoadAnnotations | 8000.00 ms | 57 % |' in text


def test_loading_of_a_wrapped_data_set_is_refused(tmp_path):
    cfg = loaded_config(tmp_path)
    inner = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=inner
    )
    with pytest.raises(ValueError, match='a: the training set is a Repeat'):
        time_loading('a', cfg, 1)


@pytest.mark.parametrize('mode', ['eager', 'onnxruntime'])
def test_profile_lists_the_slowest_first(tmp_path, mode):
    setting = Setting((32, 48), mode=mode)
    path = write_profile(subject('a b', []), setting, Clock('cpu'), tmp_path)
    assert path == tmp_path / 'profile_a_b.txt'
    title, whole, _, *rows = path.read_text().splitlines()
    assert title == '32x48, batch 1, fp32, eager'
    times = [float(row.split()[0]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert any('convolution' in row for row in rows)
    assert sum(times) == pytest.approx(float(whole.split()[0]), rel=0.1)
