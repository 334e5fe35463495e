"""Iterations and validations within the time, by hand."""

import pytest

from xnet_mm.fit.schedule import Pace, schedule


def test_the_schedule_ends_in_time():
    pace = Pace(start=10, step=1.0, image=0.1)
    iterations, interval = schedule(10, 30, pace, 100)
    # 95 % of 600 s, less 30, two starts, the export and ten validations of
    # 12 s.
    assert iterations.value == interval.value * 8
    assert iterations.value == 360 - 360 % 8
    spent = 30 + 20 + 40 + iterations.value + 10 * 12
    assert 560 < spent <= 570


def test_a_long_schedule_validates_more_often_but_not_without_end():
    pace = Pace(start=10, step=1.0, image=0.1)
    hour, day = (schedule(m, 0, pace, 100) for m in (60, 60 * 24))
    # A tenth of 3360 s, 12 s each.
    assert hour[0].value // hour[1].value == 28
    assert day[0].value // day[1].value == 40


def test_validation_leaves_time_for_training():
    pace = Pace(start=0, step=1.0, image=0.1)
    iterations, interval = schedule(10, 0, pace, 500)  # 52 s a validation
    # A quarter of 530 s is two validations; two more come at the end.
    assert iterations.value // interval.value == 2
    assert iterations.value == 322


def test_too_little_time_is_said_before_training():
    pace = Pace(start=10, step=2.0, image=0.5)
    with pytest.raises(
        ValueError,
        match=r'--minutes 1 leaves 0 iterations of 2.0 s .* give 12 or more',
    ):
        schedule(1, 20, pace, 100)
