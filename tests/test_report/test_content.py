"""How figures are called and written."""

import pytest

from xnet_mm.report.content import figure, title_of


@pytest.mark.parametrize(
    ('key', 'title'),
    [
        *(('mIoU', 'mIoU ↑'), ('abs_rel', 'AbsRel ↓'), ('d2', 'δ2 ↑')),
        *(('dbe_accuracy', 'dbe_accuracy ↓'), ('unheard_of', 'unheard_of')),
    ],
)
def test_titles_say_what_is_better(key, title):
    assert title_of(key) == title


def test_digits_are_those_of_the_metrics():
    assert figure('mIoU', 66.987) == '66.99'
    assert figure('abs_rel', 0.11728) == '0.1173'
    assert figure('rmse', float('nan')) == '–'
