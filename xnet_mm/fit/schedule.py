"""How long to train, and when to validate, within the time given."""

import math
from dataclasses import dataclass
from typing import Any

VALIDATIONS = 8
MOST_VALIDATIONS = 40
LEAST_ITERATIONS = 20
AROUND = 2.0  # seconds of a validation: its processes, the checkpoint
EXPORT = 40  # seconds, of the small pair on two cores
RESERVE = 0.05  # of the time: a machine does other things as well


@dataclass(frozen=True)
class Choice:
    """A setting of the config and why it has this value."""

    value: Any
    reason: str


@dataclass(frozen=True)
class Pace:
    """How fast this machine trains and tests, seconds.

    Attributes:
        start: until the first step.
        step: of one iteration.
        image: of one validation image.
    """

    start: float
    step: float
    image: float


def schedule(
    minutes: float, spent: float, pace: Pace, num_val: int
) -> tuple[Choice, Choice]:
    """Iterations, and after how many of them to validate.

    A fixed number of validations, for each of which the best checkpoint may
    be taken, shares the time with the iterations. What comes after training,
    a validation for the report and the export, has its share too.

    Args:
        minutes: for all.
        spent: seconds that are gone.
        pace: of this machine.
        num_val: validation images.

    Raises:
        ValueError: it is too little time to train.
    """
    left = 60 * minutes * (1 - RESERVE) - spent - 2 * pace.start - EXPORT
    validation = num_val * pace.image + AROUND
    # Each longer run validates more often, and by a tenth of its time.
    count = min(
        max(VALIDATIONS, int(0.1 * left / validation)), MOST_VALIDATIONS
    )
    # In a short one it would leave nothing to train: fewer, two at least.
    count = max(2, min(count, int(0.25 * left / validation)))
    rest = left - (count + 2) * validation
    iterations = int(rest / pace.step)
    if iterations < LEAST_ITERATIONS:
        needed = (
            spent
            + 2 * pace.start
            + EXPORT
            + 4 * validation
            + LEAST_ITERATIONS * pace.step
        ) / (60 * (1 - RESERVE))
        raise ValueError(
            f'--minutes {minutes:g} leaves {max(iterations, 0)} iterations '
            f'of {pace.step:.1f} s on this machine, too few to learn '
            f'anything: give {math.ceil(2 * needed)} or more.'
        )
    interval = max(1, iterations // count)
    iterations = interval * count
    return (
        Choice(
            iterations,
            f'{pace.step:.2f} s each on this machine, {minutes:g} minutes '
            'for all',
        ),
        Choice(
            interval,
            f'{count} validations of {num_val} image{"s" * (num_val > 1)}, '
            f'{validation:.0f} s each: the best one is kept',
        ),
    )
