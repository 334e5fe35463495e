"""From the folder of a run to its page."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..ablation.logs import SCALARS, RunLog, read_log
from ..fileio.atomic import write_atomically
from ..prediction.load import load
from ..prediction.run_folder import find_run, read_run_config
from ..visualization.panels import legend
from .content import Report
from .data import open_training, open_validation
from .markup import document
from .measure import Measured, measure
from .overview import Overview, look_at
from .page import sections
from .pictures import draw_grid, jpeg

HELP = (
    'A report is made of the folder of a training (its --work-dir): its '
    'config and its one best checkpoint, or its last.'
)
# What the reader of a folder advises, and a report cannot do.
ADVICE = re.compile(
    r' (Give both by hand|If you trust the config): load\(.*\)\.$', re.DOTALL
)


def write_report(
    run: Path, out: Path, *, title: str = '', notes: Sequence[str] = ()
) -> Path:
    """Write the page of a trained run, and a picture to share beside it.

    The validation data go through the model once. The folder may be a
    stranger's: it is read as data.

    Args:
        run: folder of a training, `tools/train.py --work-dir`.
        out: file of the page; `NAME-pictures.jpg` lies beside NAME.html.
        title: of the page; the folder's name if empty.
        notes: lines that are to be on the page, as plain text.

    Returns:
        The page's path.

    Raises:
        FileNotFoundError: no such folder, no config or no checkpoint.
        ValueError: config, checkpoint or data cannot be used; the text says
            why.
    """
    run, out = Path(run), Path(out)
    if not run.is_dir():
        what = 'is a file' if run.is_file() else 'there is no such folder'
        raise FileNotFoundError(f'{run}: {what}. {HELP}')
    with _advice_for_reports():
        found = find_run(run)
        values = read_run_config(found.config)
        validation = open_validation(values, found.config)
        model = load(run)
    measured = measure(model, validation, values)
    title = title or run.resolve().name
    grid = _draw(title, measured)
    grid_file = out.with_name(f'{out.stem}-pictures.jpg')
    report = Report(
        title,
        run,
        found,
        values,
        sum(p.numel() for p in model.predictor.model.parameters()),
        validation,
        measured,
        _training(values, found.config),
        _log(run),
        notes,
        grid,
        grid_file,
    )
    page = document(report.title, dict(sections(report)))
    if grid is not None:
        write_atomically(grid_file, grid)
    # A file's name may hold bytes that are no text.
    write_atomically(out, page.encode('utf-8', 'replace'))
    return out


@contextmanager
def _advice_for_reports() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ValueError) as error:
        text = ADVICE.sub('', str(error))
        if text == str(error):
            raise
        raise type(error)(f'{text} {HELP}') from None


def _training(values: dict, config: Path) -> Overview | str:
    """The page is worth something without them."""
    try:
        return look_at(open_training(values, config))
    except ValueError as error:
        return str(error)


def _log(run: Path) -> RunLog | str:
    if not any(run.glob(SCALARS)):
        return f'there is no log ({SCALARS}) in the folder of the run.'
    try:
        return read_log(run)
    except (OSError, ValueError) as error:
        return str(error)


def _draw(title: str, found: Measured) -> bytes | None:
    """The picture to share; None where no image has all truth."""
    if not found.columns:
        return None
    figures = [
        f'{name} {found.figures[key]:.{digits}f}'
        for key, name, digits in (
            ('mIoU', 'mIoU', 2),
            ('abs_rel', 'AbsRel', 4),
            ('d1', 'δ1', 4),
        )
        if key in found.figures
    ]
    names = None
    counts = found.classes
    if counts:
        matrix = counts.confusion
        seen = np.flatnonzero(matrix.sum(0) + matrix.sum(1)).tolist()
        ids = [i for i in seen if i in found.shown_classes]
        names = legend(counts.classes, counts.palette, ids, 1500)
    words = ', '.join([title, *figures])
    return jpeg(draw_grid(words, found.columns, names))
