"""Tiles: every pixel once, weights that add up to one, no seams."""

import pytest
import torch

from xnet_mm.prediction.tiling import predict_tiles, spans


@pytest.mark.parametrize('tile', [8, 16, 33, 64])
@pytest.mark.parametrize('length', [1, 8, 9, 17, 40, 64, 65, 100, 257, 1000])
def test_weights_of_all_tiles_are_one_everywhere(length, tile):
    total = torch.zeros(length)
    used = torch.zeros(length)
    for span in spans(length, tile):
        assert 0 <= span.start <= span.first
        assert span.last + span.after <= span.stop <= length
        assert span.stop - span.start == min(tile, length)
        weights = span.weights()
        assert (weights >= 0).all() and (weights <= 1).all()
        total[span.first : span.last + span.after] += weights
        used[span.first : span.last] += 1
    torch.testing.assert_close(total, torch.ones(length))
    assert used.tolist() == [1] * length


def test_by_hand():
    """Two tiles of 8 along 12 pixels: 4 shared, the middle one mixed."""
    left, right = spans(12, 8)
    assert (left.start, left.stop, right.start, right.stop) == (0, 8, 4, 12)
    assert (left.first, left.last, left.after) == (0, 5, 1)
    assert (right.first, right.before, right.last) == (5, 1, 12)
    assert left.weights().tolist() == pytest.approx([1] * 5 + [0.5])
    assert right.weights().tolist() == pytest.approx([0.5] + [1] * 6)


def assemble(size, tile, predict):
    result = torch.full((2, *size), torch.nan)
    for top, left, piece in predict_tiles(size, tile, predict):
        height, width = piece.shape[1:]
        place = result[:, top : top + height, left : left + width]
        assert place.isnan().all()
        place[:] = piece
    return result


@pytest.mark.parametrize(
    'size', [(5, 7), (16, 16), (17, 16), (23, 61), (100, 40), (70, 129)]
)
def test_what_does_not_depend_on_the_tile_comes_back(size):
    field = torch.randn(2, *size)
    result = assemble(
        size, 16, lambda top, left, low, right: field[:, top:low, left:right]
    )
    torch.testing.assert_close(result, field)


def test_slowly_by_all_weights():
    """A prediction of its own in each tile: sums over the whole image."""
    size, tile = (43, 59), 16
    torch.manual_seed(0)
    of_tile = {}

    def predict(top, left, low, right):
        return of_tile.setdefault(
            (top, left), torch.rand(2, low - top, right - left)
        )

    result = assemble(size, tile, predict)
    wanted = torch.zeros(2, *size)
    for row in spans(size[0], tile):
        for column in spans(size[1], tile):
            found = of_tile[row.start, column.start]
            for y, wy in zip(
                range(row.first, row.last + row.after),
                row.weights(),
                strict=True,
            ):
                for x, wx in zip(
                    range(column.first, column.last + column.after),
                    column.weights(),
                    strict=True,
                ):
                    wanted[:, y, x] += (
                        found[:, y - row.start, x - column.start] * wy * wx
                    )
    torch.testing.assert_close(result, wanted)


def test_no_step_where_tiles_meet():
    """Tiles that say 0 and 1 in turn go over into each other smoothly."""
    turn = iter([0.0, 1.0] * 20)
    result = assemble(
        (64, 300),
        64,
        lambda top, left, low, right: torch.full(
            (2, low - top, right - left), next(turn)
        ),
    )
    assert result.diff(dim=2).abs().max() < 0.2  # 8 pixels from 0 to 1
