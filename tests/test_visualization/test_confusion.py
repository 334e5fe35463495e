"""The confusion matrix that is drawn."""

import numpy as np
import pytest

from xnet_mm.visualization.confusion import draw_confusion


def test_rows_are_shares_of_the_true_pixels():
    confusion = np.array([[30, 10, 0], [0, 0, 0], [1, 2, 997]])
    figure = draw_confusion(confusion, ['road', 'grass', 'other'])
    axis = figure.axes[0]
    drawn = np.ma.filled(axis.images[0].get_array(), np.nan)
    np.testing.assert_allclose(
        drawn, [[75, 25, 0], [np.nan] * 3, [0.1, 0.2, 99.7]]
    )
    assert axis.images[0].get_clim() == (0, 100)
    numbers = {t.get_position(): t.get_text() for t in axis.texts}
    assert numbers == {(0, 0): '75', (1, 0): '25', (2, 2): '100'}
    for labels in (axis.get_xticklabels(), axis.get_yticklabels()):
        assert [t.get_text() for t in labels] == ['road', 'grass', 'other']
    assert (axis.get_xlabel(), axis.get_ylabel()) == ('predicted', 'true')


@pytest.mark.parametrize(('count', 'numbers'), [(2, 2), (24, 24), (25, 0)])
def test_sizes(count, numbers, tmp_path):
    figure = draw_confusion(np.eye(count, dtype=int), ['a name'] * count)
    assert len(figure.axes[0].texts) == numbers
    figure.savefig(tmp_path / 'a.png')
    width, height = figure.get_size_inches()
    assert 2 < height < width + 1 < 20
