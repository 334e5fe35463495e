"""What a folder of results remembers of the call that began it."""

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..fileio.atomic import write_atomically

STATE = 'fit.json'
# What a fit may leave before it has a state.
BEFORE = re.compile(r'data|data\.\d+\.tmp|fit\.(lock|log)')
KINDS = dict(data=str, task=str, minutes=float, understood=list, trained=bool)


@dataclass(frozen=True)
class State:
    """The beginning of a fit, and whether its training has ended.

    Attributes:
        data: the user's folder, absolute.
        task: 'segmentation' or 'depth'.
        minutes: that it was given.
        understood: what was said of the data, a line each.
        trained: the training has ended by itself.
    """

    data: str
    task: str
    minutes: float
    understood: list[str]
    trained: bool = False

    def save(self, out: Path, **changes: Any) -> 'State':
        """Write it, changed; returns what was written."""
        state = replace(self, **changes)
        text = json.dumps(asdict(state), indent=2, ensure_ascii=False)
        write_atomically(out / STATE, f'{text}\n'.encode())
        return state


def read_state(out: Path, data: Path) -> State | None:
    """What an earlier call left in `out`; None where there was none.

    Raises:
        ValueError: `out` holds other things, a damaged state, or the result
            of another folder.
    """
    names = {path.name for path in out.iterdir()} if out.exists() else set()
    file = out / STATE
    if not file.is_file():
        # What was prepared before a kill is of a fit as well.
        if all(BEFORE.fullmatch(name) for name in names):
            return None
        raise ValueError(
            f'{out} holds files that are not of a fit. Give --out a folder '
            'that is new or empty.'
        )
    again = f'Remove {out}, or give another --out, to begin again.'
    try:
        values = json.loads(file.read_text('utf-8'))
        if [*values] != [*KINDS] or not all(
            isinstance(values[key], kind) for key, kind in KINDS.items()
        ):
            raise ValueError('not what fit writes')
        state = State(**values)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f'{file} is damaged ({error}). {again}') from None
    if Path(state.data) != data.resolve():
        raise ValueError(
            f'{out} has the result of {state.data}, not of {data}. {again}'
        )
    return state
