"""The predictions that the page may still ask for; each has a secret name."""

import secrets
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from .view import View

MOST = 16  # about 15 MB of memory each


class Result(NamedTuple):
    """A prediction of somebody.

    Attributes:
        name: of the picture, without suffix.
        view: what is shown of it.
        archive: its files, as a zip.
    """

    name: str
    view: View
    archive: Path


class Results:
    """Keeps the last few; whoever knows a name gets what is there.

    Args:
        most: how many; one more, and what was not asked for longest goes.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._kept: OrderedDict[str, Result] = OrderedDict()

    def add(self, result: Result) -> str:
        """Keep a result; its name, which nobody guesses."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = result
        while len(self._kept) > self.most:
            _, old = self._kept.popitem(last=False)
            old.archive.unlink(missing_ok=True)
        return key

    def get(self, key: str) -> Result:
        """The result of a name.

        Raises:
            KeyError: there is none, or not any more.
        """
        result = self._kept[key]
        self._kept.move_to_end(key)
        return result
