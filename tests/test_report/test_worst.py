"""The worst images, kept while all go by."""

import numpy as np

from xnet_mm.report.pictures import Shown
from xnet_mm.report.worst import Worst


def test_the_worst_of_many_by_sorting():
    badness = np.random.default_rng(0).integers(40, size=200).tolist()
    worst, made = Worst(7), []
    for number, value in enumerate(badness):

        def make(number=number):
            made.append(number)
            return Shown(str(number), '', {})

        worst.offer(value, make)
    order = sorted(range(200), key=lambda i: (-badness[i], i))
    assert [int(s.name) for s in worst.found()] == order[:7]
    assert len(made) < 60  # most are never drawn


def test_fewer_than_there_is_room_for():
    worst = Worst()
    for name in 'ab':
        worst.offer(1.0, lambda name=name: Shown(name, '', {}))
    assert [s.name for s in worst.found()] == ['a', 'b']
