"""What a fit leaves behind: weights to share, ONNX, figures, a report."""

import json
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from ..ablation.figures import METRICS
from ..prediction.load import load
from ..prediction.run_folder import Run, find_run
from ..report import write_report
from .state import State
from .tool import ToolFailedError, run_tool
from .train import LOG, RUN

MODEL, ONNX, REPORT, TEST = 'model', 'model.onnx', 'report.html', 'test'


def finish(
    out: Path, state: State, has_test: bool, console: Console
) -> list[str]:
    """Write what is not there yet, or is older than the weights.

    Args:
        out: the folder of results, with a trained `run`.
        state: what its beginning was told.
        has_test: there are test images: they are tested, once.
        console: for progress and notes.

    Returns:
        For the user: what lies where.

    Raises:
        ToolFailedError: the test failed. An export that fails is only said.
    """
    run = find_run(out / RUN)
    notes = [*state.understood]
    keep_weights(out, run)
    if has_test:
        notes.append(_test(out, run, console))
    if _is_older(out / ONNX, run):
        notes += _export(out, run, console)
    if _is_older(out / REPORT, run):
        title = out.resolve().name
        write_report(out / RUN, out / REPORT, title=title, notes=notes)
    return _account(out, run)


def keep_weights(out: Path, run: Run) -> None:
    """Write the folder that `xnet_mm.load` takes, of the best weights."""
    if _is_older(out / MODEL / 'model.safetensors', run):
        name = out.resolve().name
        load(out / RUN, device='cpu').save_pretrained(out / MODEL, name=name)


def _is_older(path: Path, run: Run) -> bool:
    """Whether something is not there, or was made of other weights."""
    if not path.exists():
        return True
    return path.stat().st_mtime < run.checkpoint.stat().st_mtime


def _run(out: Path, tool: str, run: Run, *options: str) -> None:
    files = [str(run.config), str(run.checkpoint)]
    run_tool(tool, [*files, *options], out / LOG)


def _test(out: Path, run: Run, console: Console) -> str:
    """Test the weights once; what MMEngine's test loop wrote of it."""
    # The folder itself is there from the beginning of a test.
    written = [
        path
        for path in (out / TEST).glob('*/*.json')
        if not _is_older(path, run)
    ]
    if not written:
        with console.status('Testing'):
            _run(out, 'test', run, '--work-dir', str(out / TEST))
        written = [*(out / TEST).glob('*/*.json')]
    last = max(written, key=lambda path: path.stat().st_mtime)
    found = json.loads(last.read_text('utf-8'))
    figures = ', '.join(
        f'{key} {found[key]:.{metric.digits}f}'
        for key, metric in METRICS.items()
        if key in found
    )
    told = f'Of the test images, by the {run.which.removeprefix("the ")}'
    line = f'{told}: {figures}.'
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    return line


def _export(out: Path, run: Run, console: Console) -> list[str]:
    """Write the ONNX file; why not, where it is not possible."""
    problem = "No ONNX file: pip install 'xnet_mm[deploy]', and call again."
    if find_spec('onnx') and find_spec('onnxscript'):
        try:
            with console.status('Exporting'):
                _run(out, 'export', run, str(out / ONNX))
            return []
        except ToolFailedError as error:
            problem = f'No ONNX file: {error}'
    console.print(problem, markup=False, highlight=False, soft_wrap=True)
    return [problem]


def _account(out: Path, run: Run) -> list[str]:
    """The files, and how to go on."""
    lines = [
        f'{out / REPORT}: what it is, and how well it does',
        f'{out / MODEL}: the weights ({run.which}), to share and to load:',
        f"    xnet_mm.load('{out / MODEL}')(picture)",
    ]
    if (out / ONNX).exists():
        lines.append(f'{out / ONNX}: to run without PyTorch')
    lines.append(f'{out / "config.py"}: what was trained; edit and train it')
    return lines
