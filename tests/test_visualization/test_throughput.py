"""Images a second: the fitted growth, and what is drawn."""

import numpy as np
import pytest

from xnet_mm.visualization.throughput import draw_throughput, fit_exponent


def test_exponents_of_known_powers():
    pixels = [1e5, 2e5, 4e5, 1e6]
    for power in (0.5, 1.0, 2.0):
        seconds = [3e-7 * p**power for p in pixels]
        assert fit_exponent(pixels, seconds) == pytest.approx(power)


def test_least_squares_of_the_logarithms_by_hand():
    # ln x = 0, 1, 2 and ln y = 0, 2, 1: slope 1/2.
    x, y = np.exp([0, 1, 2]), np.exp([0, 2, 1])
    assert fit_exponent(x, y) == pytest.approx(0.5)


SERIES = {
    'a': {1e5: 100.0, 2e5: 50.0, 4e5: 25.0},
    'b': {1e5: 80.0, 4e5: 5.0},
}


def test_against_the_size():
    figure = draw_throughput(SERIES, 'size')
    (panel,) = figure.axes
    assert (panel.get_xscale(), panel.get_yscale()) == ('log', 'log')
    first, second = panel.lines
    assert first.get_xdata().tolist() == [1e5, 2e5, 4e5]
    assert first.get_ydata().tolist() == [100, 50, 25]
    # Half the images for twice the pixels: time grows with their number.
    assert first.get_label() == 'a (pixels$^{1.00}$)'
    assert second.get_label() == 'b'  # two points say nothing of a law
    assert first.get_color() != second.get_color()
    assert panel.get_xlabel() == 'megapixels of an image'
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ['0.1', '0.2', '0.4']


def test_against_the_batch(tmp_path):
    series = {'a': {1: 10.0, 2: 18.0, 8: 40.0}}
    figure = draw_throughput(series, 'batch')
    (panel,) = figure.axes
    (line,) = panel.lines
    assert line.get_label() == 'a'
    assert panel.get_xlabel() == 'batch'
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ['1', '2', '8']
    figure.savefig(tmp_path / 'a.png')
    assert (tmp_path / 'a.png').stat().st_size > 1000
