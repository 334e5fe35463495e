"""Every row of the paper's tables beside its config and what that costs.

python tools/config_table.py                   writes configs/README.md
python tools/config_table.py --check           says what in it is out of date
python tools/config_table.py --count 'nyu/*'   counts these models first

Sources: configs/paper_tables.yml (the paper's figures), configs/*/metafile.yml
(parameters, multiply-accumulates, results measured here; --count writes all
but the results) and configs/readme_template.md (the text around the tables).
"""

import difflib
import re
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
NOT_COUNTED = 'not counted'
COLUMNS = ['encoder', 'decoder', 'pre-training', 'M parameters', 'GMACs']


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--count',
        nargs='?',
        const='*',
        metavar='PATTERN',
        help='build and count the configs that match, below configs/ '
        '(default: all), one after the other; a big one takes 3 GiB',
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='write nothing; status 1 if a config has no entry in its '
        'metafile or README.md is not what would be written',
    )
    return parser.parse_args()


def list_leaves(configs: Path = CONFIGS) -> list[str]:
    """Configs that can be run, as paths below `configs`."""
    paths = (p.relative_to(configs) for p in sorted(configs.rglob('*.py')))
    return [p.as_posix() for p in paths if p.parts[0] != '_base_']


def read_metafiles(configs: Path = CONFIGS) -> dict[str, dict]:
    """Path below `configs` -> its entry in a metafile."""
    models = {}
    for path in sorted(configs.glob('*/metafile.yml')):
        for model in yaml.safe_load(path.read_text())['Models']:
            models[model['Config'].removeprefix('configs/')] = model
    return models


def read_tables(configs: Path = CONFIGS) -> dict:
    """paper_tables.yml as it is."""
    return yaml.safe_load((configs / 'paper_tables.yml').read_text())


def figure(number: float) -> str:
    """Three digits, or all before the point."""
    return f'{number:.{2 if number < 10 else 1 if number < 100 else 0}f}'


def costs(model: dict) -> list[str]:
    """The cells of `COLUMNS`."""
    data = model['Metadata']
    encoder, decoder = data['Architecture']
    cells = [encoder, decoder, ' × '.join(data['Pre-training'])]
    if 'GMACs' not in data:
        return [*cells, NOT_COUNTED, NOT_COUNTED]
    return [*cells, f'{data["Parameters (M)"]:.1f}', figure(data['GMACs'])]


def measured(config: str, model: dict, here: dict[str, str]) -> str:
    """The last cell: figures of the metafile, or why there are none."""
    metrics = [
        f'{name} {value}'
        for result in model.get('Results', [])
        for name, value in result['Metrics'].items()
    ]
    texts = (text for name, text in here.items() if fnmatch(config, name))
    return ', '.join(metrics) or next(texts, 'not run')


def link(config: str, text: str = '') -> str:
    """A config's cell; its text is the name unless given."""
    return f'[{text or Path(config).stem}]({config})'


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def paper_table(paper: dict, models: dict[str, dict], here: dict) -> str:
    """One table of the paper, with ours beside it."""
    head = [
        'row',
        'config',
        *COLUMNS,
        f'paper: {" / ".join(paper["metrics"])}',
    ]
    rows = []
    for row in paper['rows']:
        config = row.get('config')
        cells = [row.get('encoder', '-'), 'its own', '-', '-', '-']
        cells[2] = row.get('pretraining', '-')
        if config:
            cells = costs(models[config])
        rows.append(
            [
                row['method'],
                link(config, 'config') if config else '-',
                *cells,
                row.get('paper', '**left out**'),
                row.get('elsewhere', ''),
                measured(config, models[config], here) if config else '-',
            ]
        )
    return table([*head, 'published elsewhere, doubts', 'here'], rows)


def config_table(patterns: str, models: dict[str, dict], here: dict) -> str:
    """All configs whose paths match one of some patterns."""
    return table(
        ['config', *COLUMNS, 'here'],
        (
            [link(config), *costs(model), measured(config, model, here)]
            for pattern in patterns.split()
            for config, model in sorted(models.items())
            if fnmatch(config, pattern)
        ),
    )


def render(configs: Path = CONFIGS) -> str:
    """The text of README.md.

    In the template `<!-- table NAME -->` stands for a table of
    paper_tables.yml, `<!-- configs PATTERN ... -->` for all configs that
    match, where * is any text.

    Raises:
        KeyError: a row names a config without an entry in a metafile.
    """
    data, models = read_tables(configs), read_metafiles(configs)
    here = data['here']

    def fill(match: re.Match) -> str:
        if match[1] == 'configs':
            return config_table(match[2], models, here)
        papers = {str(name): paper for name, paper in data['tables'].items()}
        return paper_table(papers[match[2]], models, here)

    text = (configs / 'readme_template.md').read_text()
    return re.sub(r'^<!-- (table|configs) (.+) -->$', fill, text, flags=re.M)


def find_faults(configs: Path = CONFIGS) -> str:
    """What `--check` prints; nothing where all is as it would be written."""
    wanted, known = set(list_leaves(configs)), set(read_metafiles(configs))
    faults = [
        f'configs/{c}: no entry in a metafile; run '
        f"`python tools/config_table.py --count '{c}'`"
        for c in sorted(wanted - known)
    ]
    faults += [
        f'configs/{c}: in a metafile, but no such file; run '
        '`python tools/config_table.py --count`'
        for c in sorted(known - wanted)
    ]
    if faults:
        return '\n'.join(faults)
    text, path = render(configs), configs / 'README.md'
    faults = [
        f'configs/{c}: in no table of readme_template.md'
        for c in sorted(wanted)
        if f']({c})' not in text
    ]
    diff = difflib.unified_diff(
        path.read_text().splitlines() if path.is_file() else [],
        text.splitlines(),
        'configs/README.md',
        'what tools/config_table.py would write',
        lineterm='',
    )
    return '\n'.join([*faults, *diff])


def write(count: str | None) -> None:
    """Write README.md and before, of the configs that match, metafiles."""
    if count:
        from xnet_mm.benchmark.metafile import update_metafiles

        update_metafiles(CONFIGS, list_leaves(), count, read_tables())
    from xnet_mm.fileio.atomic import write_atomically

    write_atomically(CONFIGS / 'README.md', render().encode())


def main() -> None:
    """Write or check README.md; with --count, the metafiles before."""
    args = parse_args()
    if args.check:
        faults = find_faults()
        if faults:
            sys.exit(f'{faults}\nThen run: python tools/config_table.py')
        return
    # Late, because these import torch.
    from xnet_mm.errors import clear_errors

    clear_errors(write)(args.count)


if __name__ == '__main__':
    main()
