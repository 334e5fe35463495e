"""Types of the tools' options: text of a command line in, checked value out.

Each is a `type=` of argparse, which names the option and ends with status 2
where one of them raises; the text says what came and what is wanted. No tool
takes a bare `int` or `float`: both let through what no run survives.
"""

import os
from argparse import ArgumentTypeError
from collections.abc import Callable
from fractions import Fraction
from math import inf, isfinite
from pathlib import Path
from typing import TypeVar

from .checks import LEAST_SCALE, LEAST_TILE, MOST_SCALE, MOST_TILE
from .paths import find_config

T = TypeVar('T')
MOST_THREADS = 1024
MOST = 1_000_000  # of what is counted
SIDE = 32_768  # pixels
FARTHEST = 1e6  # metres
PIXELS = 2**28
DAY = 86_400  # seconds
MONTH = 43_200  # minutes
COLOUR_RANGES = ('max_depth', 'percentile')


def _whole(text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ArgumentTypeError(
            f'wanted a whole number from {least} to {most}, got {text!r}'
        )
    return value


def _number(text: str, wanted: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float('nan')
    if not (isfinite(value) and fits(value)):
        raise ArgumentTypeError(f'wanted {wanted}, got {text!r}')
    return value


def config_file(text: str) -> str:
    """A config: a file, or the short name of a shipped one.

    What is neither stays as it is: the tool says then that there is no such
    file, and what it looked for.
    """
    if os.path.exists(text):
        return text
    return str(find_config(text) or text)


def positive_int(text: str) -> int:
    """A number of things, 1 or more."""
    return _whole(text, 1, MOST)


def natural(text: str) -> int:
    """A whole number of 0 or more."""
    return _whole(text, 0, MOST)


def port(text: str) -> int:
    """A number of a port that a program listens at."""
    return _whole(text, 1, 2**16 - 1)


def threads(text: str) -> int:
    """A number of threads, processes or workers, 1 or more."""
    return _whole(text, 1, MOST_THREADS)


def seed(text: str) -> int:
    """What NumPy takes as a seed."""
    return _whole(text, 0, 2**32 - 1)


def side(text: str) -> int:
    """A side of a picture that is made, pixels."""
    return _whole(text, 16, SIDE)


def tile_side(text: str) -> int:
    """A side of a tile, pixels."""
    return _whole(text, LEAST_TILE, MOST_TILE)


def depth_scale(text: str) -> float:
    """File units per metre."""
    return _number(
        text,
        f'file units per metre, {LEAST_SCALE:g} to {MOST_SCALE:g}',
        lambda value: LEAST_SCALE <= value <= MOST_SCALE,
    )


def metres(text: str) -> float:
    """A depth of 0 or more, metres."""
    return _number(text, 'metres, 0 or more', lambda x: 0 <= x <= FARTHEST)


def label_id(text: str) -> int:
    """An id in label maps of up to 16 bits."""
    return _whole(text, 0, 2**16 - 1)


def fraction(text: str) -> float:
    """A share, 0 to 1."""
    return _number(text, 'a number from 0 to 1', lambda x: 0 <= x <= 1)


def accuracy_loss(text: str) -> float:
    """What may be lost of a figure: points of mIoU, or AbsRel."""
    return _number(text, 'a number from 0 to 100', lambda x: 0 <= x <= 100)


def label_fraction(text: str) -> Fraction:
    """A share of the training images, above 0."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not Fraction(1, MOST) <= value <= 1:
        raise ArgumentTypeError(
            f'wanted a share above 0, at most 1, as 1/8, got {text!r}'
        )
    return value


def seconds(text: str) -> float:
    """A time to wait, up to a day."""
    return _number(
        text, f'seconds, 0 to {DAY}', lambda value: 0 <= value <= DAY
    )


def minutes(text: str) -> float:
    """A time to work, above 0, up to a month."""
    return _number(
        text,
        f'minutes, above 0, up to {MONTH}',
        lambda value: 0 < value <= MONTH,
    )


def image_size(text: str) -> tuple[int, int]:
    """(height, width) in pixels of HxW."""
    height, _, width = text.lower().partition('x')
    sides = [part for part in (height, width) if part.isdecimal()]
    if len(sides) == 2 and max(map(len, sides)) <= 9:
        size = int(height), int(width)
        if (
            min(size) >= 1
            and max(size) <= SIDE
            and size[0] * size[1] <= PIXELS
        ):
            return size
    raise ArgumentTypeError(
        f'wanted HxW in pixels, as 480x640, each side from 1 to {SIDE} and '
        f'at most {PIXELS} pixels in all, got {text!r}'
    )


def colour_range(text: str) -> str | tuple[float, float]:
    """One of the words of `depth_range`, or NEAR,FAR in metres."""
    if text in COLOUR_RANGES:
        return text
    try:
        near, far = map(float, text.split(','))
    except ValueError:
        near = far = float('nan')
    if not 0 <= near < far < inf:
        raise ArgumentTypeError(
            f'wanted {", ".join(COLOUR_RANGES)} or NEAR,FAR in metres, '
            f'0 <= NEAR < FAR, got {text!r}'
        )
    return near, far


def told(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A parser of the library as a type: its own text becomes the message."""

    def checked(text: str) -> T:
        try:
            return parse(text)
        except (OSError, ValueError) as error:
            raise ArgumentTypeError(str(error)) from None

    return checked


def device(text: str) -> str:
    """A device of this machine that PyTorch can compute on."""
    import torch

    try:
        if torch.device(text).type == 'meta':
            raise RuntimeError('meta tensors have no values')
        torch.empty(1, device=text)
    except (AssertionError, RuntimeError, NotImplementedError) as error:
        reason = str(error).strip().partition('\n')[0]
        raise ArgumentTypeError(
            f'{text!r} cannot be used here ({reason}); wanted cpu or, where '
            'this torch sees a GPU, cuda or cuda:N'
        ) from None
    return text


def out_folder(text: str) -> Path:
    """A folder that can be written to, or made."""
    if not text.strip():
        raise ArgumentTypeError(f"wanted a folder's name, got {text!r}")
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ArgumentTypeError(f'{text} is a file, wanted a folder')
    _refuse_unwritable(path)
    return path


def out_folder_name(text: str) -> str:
    """As `out_folder`, for a config, which holds texts."""
    return str(out_folder(text))


def out_file(text: str) -> Path:
    """A file that can be written."""
    if not text.strip():
        raise ArgumentTypeError(f"wanted a file's name, got {text!r}")
    path = Path(text)
    if path.is_dir():
        raise ArgumentTypeError(f'{text} is a folder, wanted a file')
    _refuse_unwritable(path.parent)
    return path


def _refuse_unwritable(folder: Path) -> None:
    """Raise unless the folder, or what is there of it, takes files."""
    there = folder.absolute()
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise ArgumentTypeError(
            f'{folder} cannot be made, as {there} is no folder'
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise ArgumentTypeError(f'no permission to write to {there}')
