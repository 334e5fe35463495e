"""The images with the worst figures, kept while all go by."""

from collections.abc import Callable
from heapq import heappush, heapreplace

from .pictures import Shown

MOST = 10


class Worst:
    """Keeps what has the highest badness; what is made of others is dropped.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._heap: list[tuple[float, int, Shown]] = []
        self._seen = 0

    def offer(self, badness: float, make: Callable[[], Shown]) -> None:
        """Make and keep an image if it is among the worst so far.

        Args:
            badness: the higher, the worse; of equal ones the first is kept.
            make: draws it.
        """
        self._seen += 1
        is_full = len(self._heap) == self.most
        if is_full and badness <= self._heap[0][0]:
            return
        push = heapreplace if is_full else heappush
        # The number is never equal, so pictures are not compared.
        push(self._heap, (badness, -self._seen, make()))

    def found(self) -> list[Shown]:
        """The worst ones, the very worst first."""
        return [shown for *_, shown in sorted(self._heap, reverse=True)]
