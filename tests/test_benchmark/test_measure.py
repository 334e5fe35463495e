"""Whose turn it is, and what a record holds."""

from benched import HandClock, subject
from needs import MEMORY_ON_CPU

from xnet_mm.benchmark import Setting, Subject, measure


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
    size = 5 * 2 * 4 * 6 * 4 if MEMORY_ON_CPU else None
    assert [r['memory'] for r in found] == [size] * 2


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


def test_a_record_holds_its_setting_the_limits_and_ticks_are_counted():
    ticks = []
    (found,) = measure(
        [subject('A', [])],
        Setting((4, 6), batch=5),
        HandClock(),
        3,
        lambda: ticks.append(1),
    )
    assert len(ticks) == 1 + 3
    work = found.pop('cpu_seconds')
    assert len(work) == 3 and min(work) >= 0
    assert found == dict(
        name='A',
        size=(4, 6),
        batch=5,
        precision='fp32',
        mode='eager',
        train=False,
        seconds=[2.0] * 3,
        macs=720,
        parameters=3 * 2 + 2,
        memory=960 if MEMORY_ON_CPU else None,
        limit=100.0,
        copy=7e9,
        error='',
    )


def test_what_there_is_is_kept_after_each_turn():
    kept = []
    measure(
        [subject('A', []), subject('B', [])],
        Setting((4, 6)),
        HandClock(),
        runs=2,
        keep=lambda records: kept.append(
            [(r['name'], len(r['seconds']), r['limit']) for r in records]
        ),
    )
    assert kept == [
        [('A', turns, 100.0), ('B', turns, 100.0)] for turns in (1, 2)
    ]
