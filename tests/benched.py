"""What the tests of the benchmark time: models and a clock without luck."""

import itertools

from torch import nn

from xnet_mm.benchmark import Subject
from xnet_mm.benchmark.clock import Clock


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
