"""What is tried in which order, and when a program is right."""

import json

import numpy as np
import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from xnet_mm.export import compare
from xnet_mm.export.trace import Free, write_freest


class Kept:
    """A format of tests: keeps the model, notes what it was asked for.

    Args:
        bound: numbers of free axes at which writing fails.
        factor: of the results.
        simpler: of the simplified program; None: there is none.
    """

    def __init__(self, bound=(), factor=1.0, simpler=None):
        self.bound, self.factor, self.asked = bound, factor, []
        self.simpler = simpler

    def write(self, path, model, example, shapes, facts):
        self.model = model
        self.asked.append(
            (tuple(example.shape), sorted(shapes), json.loads(facts))
        )
        if len(shapes) in self.bound:
            raise ValueError(f'{len(shapes)} axes\nsecond line')
        path.write_text('program')

    def open(self, path):
        factor = self.factor if path.read_text() == 'program' else self.simpler
        return lambda image: (
            factor * self.model(torch.from_numpy(image)).detach().numpy()
        )

    def simplify(self, path, simpler):
        assert path.read_text() == 'program'
        if self.simpler is None:
            return ''
        simpler.write_text('simpler')
        return 'by hand 3 nodes -> 2'


@pytest.fixture
def said(monkeypatch):
    """What the log says."""
    texts = []
    monkeypatch.setattr(
        'xnet_mm.export.trace.print_log', lambda text, **_: texts.append(text)
    )
    return texts


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Conv2d(3, 2, 1)


def test_all_sizes_are_tried_first(tmp_path, said, model):
    kept, path = Kept(), tmp_path / 'new' / 'a.x'
    assert write_freest(kept, model, path, (64, 96), dict(a=1), False) == path
    facts = dict(a=1, size=None, size_divisor=1)
    assert kept.asked == [((2, 3, 91, 125), [0, 2, 3], facts)]
    assert [*path.parent.iterdir()] == [path]
    assert said == ['a.x: at most 0.0e+00 of the largest value off PyTorch']


@pytest.mark.parametrize(
    ('bound', 'fixed', 'tried', 'images'),
    [
        ([3], False, [[0, 2, 3], [0]], 'images'),
        ([3, 1], False, [[0, 2, 3], [0], []], '5 image(s)'),
        ([1], True, [[0], []], '5 image(s)'),
    ],
)
def test_then_the_batch_then_nothing(
    tmp_path, said, model, bound, fixed, tried, images
):
    kept, path = Kept(bound), tmp_path / 'a.x'
    write_freest(kept, model, path, (64, 96), None, fixed, batch=5)
    assert [axes for _, axes, _ in kept.asked] == tried
    batch = 2 if tried[-1] else 5
    assert kept.asked[-1][::2] == ((batch, 3, 64, 96), dict(size=[64, 96]))
    assert said[1:] == [
        f'a.x takes {images} of 64x96 only: the model cannot be exported for '
        f'all sizes ({bound[-1]} axes)'
    ]
    assert [*tmp_path.iterdir()] == [path]


def test_what_fails_with_nothing_free_is_an_error(tmp_path, said, model):
    with pytest.raises(ValueError, match='0 axes'):
        write_freest(
            Kept([3, 1, 0]), model, tmp_path / 'a.x', (64, 96), None, False
        )
    assert said == [] and [*tmp_path.iterdir()] == []


@pytest.mark.parametrize('factor', [1.0002, np.nan])
def test_wrong_results_leave_the_old_file(tmp_path, model, factor):
    path = tmp_path / 'a.x'
    path.write_text('old')
    kept = Kept(factor=factor)
    with pytest.raises(RuntimeError, match=r'differs.*at 1x3x64x96.*1e-04'):
        write_freest(kept, model, path, (64, 96), None, False)
    assert len(kept.asked) == 3  # each of the three was tried
    assert path.read_text() == 'old' and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize('factor', [1.00001, 1.0002, np.nan])
def test_the_simplified_program_is_kept_if_it_is_right(
    tmp_path, said, model, factor
):
    kept, path = Kept(simpler=factor), tmp_path / 'a.x'
    write_freest(kept, model, path, (64, 96), None, False)
    right = factor == 1.00001
    assert path.read_text() == ('simpler' if right else 'program')
    assert [*tmp_path.iterdir()] == [path] and len(kept.asked) == 1
    assert said[0].startswith(
        'a.x: by hand 3 nodes -> 2'
        if right
        else 'a.x stays as PyTorch wrote it: the simplified one fails (the '
        'exported model differs from PyTorch by '
    )


def test_a_simplifier_that_fails_is_said(tmp_path, said, model, monkeypatch):
    def fail(self, path, simpler):
        raise KeyError('Squeeze')

    monkeypatch.setattr(Kept, 'simplify', fail)
    write_freest(Kept(), model, tmp_path / 'a.x', (64, 96), None, False)
    assert (tmp_path / 'a.x').read_text() == 'program'
    assert said[0].endswith("the simplified one fails ('Squeeze')")


@pytest.mark.parametrize(
    ('free', 'shapes'),
    [
        (
            Free.SIZE,
            [(1, 3, 64, 40), (1, 3, 96, 32), (1, 3, 61, 57), (3, 3, 64, 40)],
        ),
        (Free.BATCH, [(1, 3, 64, 40), (3, 3, 64, 40)]),
        (Free.NOTHING, [(5, 3, 64, 40)]),
    ],
)
def test_compared_at_every_freedom(model, free, shapes):
    seen = []

    def run(image):
        seen.append(image.shape)
        right = model(torch.from_numpy(image)).detach().numpy()
        right.flat[np.abs(right).argmax()] *= 1 + 2.0 ** -(13 + len(seen))
        return right

    # The first comparison is the worst: 2^-14 of the largest value.
    found = compare(model, run, (64, 40), free, 5)
    assert found == pytest.approx(2**-14, rel=1e-2)
    assert seen == shapes


def test_another_shape_is_wrong():
    """Also where the values would be the same after broadcasting."""
    ones = nn.Conv2d(3, 2, 1)
    nn.init.zeros_(ones.weight)
    nn.init.ones_(ones.bias)
    with pytest.raises(RuntimeError, match=r'by 0\.0e\+00 .* at 3x3x8x8'):
        compare(
            ones, lambda image: np.ones((1, 2, 8, 8)), (8, 8), Free.BATCH, 1
        )


class Same(nn.Module):
    """TensorFlow's padding: more below and on the right."""

    def __init__(self):
        super().__init__()
        self.down = Conv2dSame(3, 4, (3, 5), stride=2, bias=False)
        self.wide = Conv2dSame(4, 4, 3, dilation=2, groups=2)

    def forward(self, image):
        return self.wide(self.down(image))


def test_same_padding_takes_multiples_of_32(tmp_path, said):
    torch.manual_seed(0)
    model, kept = Same(), Kept()
    write_freest(kept, model, tmp_path / 'a.x', (60, 70), None, False)
    facts = dict(size=None, size_divisor=32)
    assert kept.asked == [((2, 3, 96, 160), [0, 2, 3], facts)]
    assert isinstance(model.down, Conv2dSame)
    assert not any(isinstance(m, Conv2dSame) for m in kept.model.modules())
    image = torch.rand(2, 3, 64, 96)
    torch.testing.assert_close(kept.model(image), model(image))
    odd = torch.rand(1, 3, 63, 95)  # there the padding is another
    assert kept.model(odd).shape != model(odd).shape
