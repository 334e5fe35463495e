"""How a run was made, and how to use it: commands, versions, config."""

import shlex
from pathlib import Path

from ..ablation.page import versions
from ..fileio.text import read_bytes
from ..judge.digest import file_digest
from ..prediction.run_folder import Run
from .markup import code, facts, folded, paragraph

LONGEST = 200_000  # characters of a config that are shown


def made(folder: Path, run: Run) -> str:
    """The last section of a page.

    Args:
        folder: of the run.
        run: its config and checkpoint.
    """
    config = shlex.quote(str(run.config))
    checkpoint = shlex.quote(str(run.checkpoint))
    place = shlex.quote(str(folder))
    tool = 'python -m xnet_mm'
    commands = '\n'.join(
        [
            '# train it again, into another folder',
            f'{tool} train {config} --work-dir {place}-again',
            '# measure it: the figures of this page',
            f'{tool} test {config} {checkpoint}',
            '# predict images, a folder or a video',
            f'{tool} predict {config} {checkpoint} IMAGES --out-dir out',
            '# this page',
            f'{tool} report {place}',
        ]
    )
    python = (
        'import xnet_mm\n'
        f'model = xnet_mm.load({str(folder)!r})\n'
        "model('photo.jpg').save('out')"
    )
    size = run.checkpoint.stat().st_size
    told = {
        'checkpoint': f'{run.checkpoint.name}, {size / 1e6:.1f} MB',
        'SHA-256': file_digest(run.checkpoint),
        'this page by': ', '.join(f'{k} {v}' for k, v in versions()),
    }
    words = read_bytes(run.config).decode('utf-8', 'replace')
    if len(words) > LONGEST:
        words = f'{words[:LONGEST]}\n... and more: see {run.config.name}'
    return (
        code(commands)
        + paragraph('In Python:')
        + code(python)
        + facts(told)
        + folded(f'The config, {run.config.name}', code(words))
    )
