"""Predictions of images of any size: by tiles that melt into each other."""

from collections import deque
from collections.abc import Callable, Iterator
from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor

# Of a tile's side: how much neighbours share, and how much of that is mixed.
# What lies outside is next to the tile's border, where the model guesses.
SHARE = 0.25
MIXED = 0.125


class Span(NamedTuple):
    r"""One tile along one side of the image, in pixels.

         start      first        last        stop
           |----------|///|--------|\\\\\\|-------|      of this tile
                                   |///|----------        of the next one

    The model sees start to stop. What is used begins at `first`, rising over
    `before` pixels, and falls over `after` pixels from `last` on, where the
    next tile rises: the weights of both add up to 1.
    """

    start: int
    stop: int
    first: int
    before: int
    last: int
    after: int

    def weights(self) -> Tensor:
        """Of the pixels from `first` to `last + after`, (N,) float32."""
        weights = torch.ones(self.last + self.after - self.first)
        weights[: self.before] = _rise(self.before)
        weights[len(weights) - self.after :] = 1 - _rise(self.after)
        return weights


def _rise(length: int) -> Tensor:
    """From 0 to 1 without a kink, the same read backwards and from 1."""
    steps = (torch.arange(length) + 0.5) / max(length, 1)
    return (torch.pi / 2 * steps).sin() ** 2


def spans(length: int, tile: int) -> list[Span]:
    """The tiles along one side, evenly, as few as share `SHARE` of a tile.

    Args:
        length: Of the side, pixels.
        tile: Of a tile, pixels.
    """
    if length <= tile:
        return [Span(0, length, 0, 0, length, 0)]
    count = ceil((length - SHARE * tile) / (tile * (1 - SHARE)))
    starts = [i * (length - tile) // (count - 1) for i in range(count)]
    width = max(1, int(MIXED * tile))
    # Mixed is the middle of what two neighbours share.
    mixed = [
        (here + tile + following - width) // 2
        for following, here in zip(starts[1:], starts[:-1], strict=True)
    ]
    return [
        Span(
            start,
            start + tile,
            first=mixed[i - 1] if i else 0,
            before=width if i else 0,
            last=mixed[i] if i < count - 1 else length,
            after=width if i < count - 1 else 0,
        )
        for i, start in enumerate(starts)
    ]


def predict_tiles(
    size: tuple[int, int],
    tile: int,
    predict: Callable[[int, int, int, int], Tensor],
) -> Iterator[tuple[int, int, Tensor]]:
    """The finished pieces of an image, from left to right, row by row.

    Memory is that of one tile and of what the tiles below will need: the
    channels of one row of the image, `MIXED` of a tile high.

    Args:
        size: (height, width) of the image.
        tile: Side of a tile, pixels.
        predict: Of top, left, bottom, right the (K,h,w) of these pixels:
            probabilities, or depth.

    Yields:
        top, left and (K,h,w): together they cover each pixel once.
    """
    rows, columns = (spans(length, tile) for length in size)
    below: deque[Tensor] = deque()  # of each column: begun by the row above
    for row in rows:
        above, below = below, deque()
        right = None  # begun by the tile to the left
        for column in columns:
            found = predict(row.start, column.start, row.stop, column.stop)
            found = found[
                :,
                row.first - row.start : row.last + row.after - row.start,
                column.first - column.start : column.last
                + column.after
                - column.start,
            ]
            weights = row.weights()[:, None] * column.weights()
            found = found.float() * weights.to(found.device)
            if right is not None:
                found[:, :, : column.before] += right
            width = column.last - column.first
            right = found[:, :, width:].clone()
            found = found[:, :, :width]
            if above:
                found[:, : row.before] += above.popleft()
            height = row.last - row.first
            below.append(found[:, height:].clone())
            yield row.first, column.first, found[:, :height]
