"""Whether numbers that a user gave can be what they are said to be.

A `nan` compares as false with everything, `True` is a number, and so is
`inf`: what is not asked for here comes out as a wrong picture much later.
"""

from collections.abc import Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any, SupportsFloat, cast

LEAST_SCALE, MOST_SCALE = 1e-6, 1e9  # file units per metre
LEAST_TILE, MOST_TILE = 64, 8192  # pixels of a tile's side
Camera = tuple[float, float, float, float]  # fx, fy, cx, cy


def is_finite_number(value: object) -> bool:
    """Whether it is a number, numpy's too, and no text, bool, NaN or inf."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and isfinite(cast(SupportsFloat, value))


def is_whole(value: object) -> bool:
    """Whether it is a whole number, numpy's too; 2.0 and True are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def are_ids(value: object) -> bool:
    """Whether it is a list of whole numbers of at least 0, and not empty."""
    return (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(is_whole(n) and n >= 0 for n in value)
    )


def check_number(
    value: object,
    name: str,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
) -> float:
    """A finite number within bounds, as float.

    Args:
        value: what was given; numbers of numpy count, texts and bools do not.
        name: of the option, for the error.
        least: the smallest that is taken.
        above: as `least`, but itself left out.
        most: the largest that is taken.

    Raises:
        ValueError: with the name, the value and what is wanted.
    """
    known = is_finite_number(value)
    number = float(cast(SupportsFloat, value)) if known else float('nan')
    if (
        not known
        or (least is not None and number < least)
        or (above is not None and number <= above)
        or (most is not None and number > most)
    ):
        raise ValueError(
            f'{name} is {value!r}, wanted a finite number'
            f'{_bounds(least, above, most)}'
        )
    return number


def check_positive(value: object, name: str) -> float:
    """A finite number above 0, as float; see `check_number`.

    Raises:
        ValueError: with the name, the value and what is wanted.
    """
    return check_number(value, name, above=0)


def check_scale(value: object, name: str) -> float:
    """File units per metre: 1e-6 to 1e9, so that float32 holds the quotient.

    Raises:
        ValueError: with the name, the value and what is wanted.
    """
    return check_number(value, name, least=LEAST_SCALE, most=MOST_SCALE)


def check_whole(
    value: object, name: str, least: int = 0, most: int | None = None
) -> int:
    """A whole number within bounds; 2.0 and True are none.

    Raises:
        ValueError: with the name, the value and what is wanted.
    """
    number = int(cast(Any, value)) if is_whole(value) else least - 1
    if number < least or (most is not None and number > most):
        raise ValueError(
            f'{name} is {value!r}, wanted a whole number'
            f'{_bounds(least, None, most)}'
        )
    return number


def check_camera(values: object, name: str) -> Camera:
    """(fx, fy, cx, cy) in pixels: four finite numbers, fx and fy above 0.

    Raises:
        ValueError: with the name, the values and what is wanted.
    """
    wanted = f'{name} is {values!r}, wanted (fx, fy, cx, cy) in pixels'
    try:
        fx, fy, cx, cy = cast(Sequence, values)
        return (
            check_positive(fx, 'fx'),
            check_positive(fy, 'fy'),
            check_number(cx, 'cx'),
            check_number(cy, 'cy'),
        )
    except TypeError:  # no sequence
        raise ValueError(wanted) from None
    except ValueError as error:
        raise ValueError(f'{wanted}: {error}') from None


def check_matrix(matrix: Sequence[Sequence[float]], name: str) -> Camera:
    """(fx, fy, cx, cy) of a 3 x 3 camera matrix, which has no skew.

    Raises:
        ValueError: with the name, the matrix and what is wanted.
    """
    (fx, skew, cx), (down, fy, cy), last = matrix
    if (skew, down, *last) != (0, 0, 0, 0, 1):
        raise ValueError(
            f'{name}: wanted the camera matrix [[fx, 0, cx], [0, fy, cy], '
            f'[0, 0, 1]], got {matrix}: pictures with skew have to be '
            'rectified first'
        )
    return check_camera((fx, fy, cx, cy), name)


def _bounds(
    least: float | None, above: float | None, most: float | None
) -> str:
    """' above 0', ' from 0 to 1' and alike."""
    if above is not None:
        return f' above {above:g}'
    if least is not None and most is not None:
        return f' from {least:.10g} to {most:.10g}'
    return '' if least is None else f' of {least:g} or more'
