"""Learning curves: what is drawn, read back from the figure."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex

from xnet_mm.visualization.learning_curves import (
    COLOURS,
    STYLES,
    draw_learning_curves,
    smooth,
)


def test_moving_average_by_hand():
    values = np.array([1.0, 2, 6, 3])
    np.testing.assert_allclose(smooth(values, 1), values)
    # Of two at the ends: (1 + 2) / 2, (1 + 2 + 6) / 3, 11 / 3, 9 / 2.
    np.testing.assert_allclose(smooth(values, 3), [1.5, 3, 11 / 3, 4.5])
    np.testing.assert_allclose(smooth(np.full(50, 2.5), 7), 2.5)


def draw(names=('base', 'other'), results=None):
    curves = {
        'loss': {
            'base': [{10: 4.0, 20: 2.0, 30: 1.0}, {10: 2.0, 20: 1.0}],
            'other': [{10: 1.0}, {20: 1.0}],  # no step in common
        }
    }
    results = results or {
        'mIoU': {'base': [1.0, 3.0], 'other': [4.0]},
        'd1': {'base': [], 'other': [0.5, 0.7]},
    }
    return draw_learning_curves(curves, results, names[0])


def test_curves_are_the_mean_of_what_all_runs_have():
    figure = draw()
    (line,) = figure.axes[0].lines
    assert line.get_label() == 'base'
    assert line.get_xdata().tolist() == [10, 20]
    assert line.get_ydata().tolist() == [3, 1.5]
    band, each = figure.axes[0].collections
    lines = [line.tolist() for line in each.get_segments()]
    assert lines == [[[10, 4], [20, 2]], [[10, 2], [20, 1]]]
    places = {tuple(place) for place in band.get_paths()[0].vertices.tolist()}
    assert {(10, 2), (10, 4), (20, 1), (20, 2)} <= places
    assert to_hex(line.get_color()) == COLOURS[0].lower()


def test_dots_are_the_runs_and_bars_their_means():
    figure = draw()
    titles = [axis.get_title('left') for axis in figure.axes]
    assert titles == ['loss', 'mIoU', 'd1']
    miou, d1 = figure.axes[1:]
    (reference,) = miou.lines
    assert reference.get_xdata() == [2, 2]  # the mean of base
    dots, bar, other_dots, other_bar = miou.collections
    assert dots.get_offsets().tolist() == [[1, 0], [3, 0]]
    assert [p[0] for p in bar.get_segments()[0].tolist()] == [2, 2]
    assert other_dots.get_offsets().tolist() == [[4, 1]]
    assert [p[0] for p in other_bar.get_segments()[0].tolist()] == [4, 4]
    assert not d1.lines  # base has no figure there
    labels = [label.get_text() for label in miou.get_yticklabels()]
    assert labels == ['base', 'other']
    assert miou.get_ylim()[0] > miou.get_ylim()[1]  # the first row on top


def test_more_names_than_colours():
    names = [f'n{i}' for i in range(len(COLOURS) + 2)]
    runs = {name: [{1: 1.0, 2: 2.0}] for name in names}
    figure = draw_learning_curves(
        {'loss': runs}, {'x': {name: [1.0] for name in names}}, names[0]
    )
    looks = [
        (to_hex(i.get_color()), i.get_linestyle())
        for i in figure.axes[0].lines
    ]
    assert len(set(looks)) == len(names)
    assert looks[0] == (COLOURS[0].lower(), STYLES[0])
    assert looks[len(COLOURS)] == (COLOURS[0].lower(), STYLES[1])


def test_the_figure_is_nobodys_but_the_callers(tmp_path):
    before = plt.get_fignums()
    figure = draw()
    assert plt.get_fignums() == before  # pyplot keeps figures alive
    figure.savefig(tmp_path / 'a.png')
    pads = figure.get_layout_engine().get()
    assert (pads['w_pad'], pads['h_pad']) == (0.12, 0.08)
