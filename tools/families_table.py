"""Which families of timm are encoders, decoders, both: docs/families.md.

python tools/families_table.py               tries what is not yet in it
python tools/families_table.py 'maxxvit/*'   tries these again
python tools/families_table.py --check       says what in it is out of date

Of each family the smallest model is built with random weights, compared with
timm's own maps, and run on an image of odd size. What was found is kept in
docs/families.json, family by family: a run that was stopped goes on.
"""

import difflib
import json
import multiprocessing
import re
import resource
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a bare clone

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / 'docs'
SECONDS, GIBIBYTES = 600, 12  # for one family
TEXT = """# Families of timm: encoders and decoders

What `PretrainedEncoder` and `PretrainedReversedDecoder` make of the families
of timm {timm}. Of each its smallest model was built with random weights. As an
encoder, its last map is the untouched model's to 1e-5; as a decoder, stem and
stages, run one by one, give the untouched model's maps. Both then ran on an
image of 70×90.

A family is a module of timm and the first word of a model's name in it. Not
all models of a family are alike: one that differs says so in a sentence when
it is built.

{counts}

- *any*: images of any size.
- *multiples of 32*: others are padded, and the maps cut.
- *224×224*: others are re-sized to it, and the maps back to their extent.
  `img_size` is the option that [sets another size](config.md#encoders).

Written by `python tools/families_table.py`; a pattern, such as `'maxxvit/*'`,
tries these again.

{table}
"""


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'pattern',
        nargs='?',
        help="families to try again, such as 'maxxvit/*' or '*/resnet'",
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='try and write nothing; status 1 if families.md is not what '
        'would be written',
    )
    return parser.parse_args()


def read_found(docs: Path = DOCS) -> dict[str, Any]:
    """families.json: `timm`, its version, and `families`."""
    path = docs / 'families.json'
    if not path.is_file():
        return dict(timm='', families={})
    return json.loads(path.read_text())


def render(found: dict[str, Any]) -> str:
    """The text of families.md."""
    families = found['families']
    encoders, decoders = (
        {f for f, facts in families.items() if facts.get(role)}
        for role in ('encoder', 'decoder')
    )
    untried = {
        f
        for f, facts in families.items()
        if facts.get('why_no_encoder', '').startswith('not tried')
    }
    neither = families.keys() - encoders - decoders - untried
    counts = (
        f'Of {len(families)} families {len(encoders & decoders)} are both, '
        f'{len(encoders - decoders)} are encoders only, '
        f'{len(decoders - encoders)} are decoders only, '
        f'{len(neither)} are neither, and {len(untried)} were not tried.'
    )
    head = ['family', 'smallest model', 'M', 'encoder', 'decoder', 'why not']
    lines = [head, ['---'] * len(head)]
    lines += [row(family, facts) for family, facts in sorted(families.items())]
    table = '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)
    return TEXT.format(timm=found['timm'], counts=counts, table=table)


def row(family: str, facts: dict[str, Any]) -> list[str]:
    """The cells of one family."""
    reasons = {
        role: shorten(facts[f'why_no_{role}'])
        for role in ('encoder', 'decoder')
        if f'why_no_{role}' in facts
    }
    why = [f'{role}: {reason}' for role, reason in reasons.items()]
    if len(why) == 2 and len({*reasons.values()}) == 1:
        why = [reasons['encoder']]
    return [
        family,
        facts['model'],
        f'{facts["parameters"] / 1e6:.1f}',
        facts.get('encoder') or 'no',
        facts.get('decoder') or 'no',
        '; '.join(why),
    ]


def shorten(reason: str) -> str:
    """A reason for a cell: without the twelve strides of a ViT."""
    reason = re.sub(r'strides \[(\d+)(?:, \1)+\]', r'stride \1 only', reason)
    reason = reason.removesuffix(": AssertionError('')").replace('|', '\\|')
    return f'{reason[:160]}...' if len(reason) > 160 else reason


def find_faults(docs: Path = DOCS) -> str:
    """What `--check` prints; nothing where all is as it would be written."""
    path = docs / 'families.md'
    diff = difflib.unified_diff(
        path.read_text().splitlines() if path.is_file() else [],
        render(read_found(docs)).splitlines(),
        'docs/families.md',
        'what tools/families_table.py would write',
        lineterm='',
    )
    return '\n'.join(diff)


def look_into(names: list[str]) -> dict[str, Any]:
    """What is found of one family, by its models' names."""
    from xnet_mm.benchmark.families import (
        MOST_MILLIONS,
        examine,
        find_smallest,
    )

    model, parameters = find_smallest(names)
    facts: dict[str, Any] = dict(model=model, parameters=parameters)
    if parameters > MOST_MILLIONS * 1e6:
        why = f'not tried: more than {MOST_MILLIONS} M parameters'
        return {**facts, 'why_no_encoder': why, 'why_no_decoder': why}
    return {**facts, **examine(model)}


def serve(pipe: Any, work: Callable) -> None:
    """The other process: answers each list of names by its facts."""
    import logging
    import warnings

    import torch

    warnings.filterwarnings('ignore')
    logging.disable()
    torch.set_num_threads(1)
    limit = GIBIBYTES << 30
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    while True:
        pipe.send(work(pipe.recv()))


class Worker:
    """A process that is started anew after a family that it did not survive.

    Args:
        work: names -> facts.
        seconds: how long it may take.
    """

    def __init__(self, work: Callable, seconds: float = SECONDS) -> None:
        self.work, self.seconds = work, seconds
        self.process: Any = None

    def __call__(self, names: list[str]) -> dict[str, Any]:
        """The facts, or that there are none in time or in memory."""
        if self.process is None:
            context = multiprocessing.get_context('spawn')
            self.pipe, theirs = context.Pipe()
            process = context.Process(
                target=serve, args=(theirs, self.work), daemon=True
            )
            process.start()
            self.process = process
            theirs.close()
        try:
            self.pipe.send(names)
            if self.pipe.poll(self.seconds):
                return self.pipe.recv()
            why = f'not done in {self.seconds:.0f} seconds'
        except (EOFError, OSError):
            why = 'the process died'
        self.stop()
        facts = dict(model=names[0], parameters=0)
        return {**facts, 'why_no_encoder': why, 'why_no_decoder': why}

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def run(
    families: dict[str, list[str]],
    version: str,
    pattern: str | None = None,
    docs: Path = DOCS,
    work: Callable = look_into,
) -> None:
    """Try families and write families.json and families.md.

    Args:
        families: each with its models' names.
        version: timm's; what was found with another one is tried again.
        pattern: of families to try again; the others are if they are new.
        docs: the folder.
        work: see `Worker`.

    Raises:
        ValueError: no family matches.
    """
    from xnet_mm.fileio.atomic import write_atomically

    found = read_found(docs)
    known = found['families'] if found['timm'] == version else {}
    if pattern and not any(fnmatch(f, pattern) for f in families):
        raise ValueError(
            f'{pattern}: no family matches; wanted a pattern such as '
            "'maxxvit/*' or '*/resnet'"
        )
    known = {
        family: facts
        for family, facts in known.items()
        if family in families and not (pattern and fnmatch(family, pattern))
    }

    def keep(known: dict[str, Any]) -> dict[str, Any]:
        found = dict(timm=version, families=dict(sorted(known.items())))
        text = json.dumps(found, indent=1, ensure_ascii=False)
        write_atomically(docs / 'families.json', f'{text}\n'.encode())
        return found

    worker = Worker(work)
    todo = [family for family in families if family not in known]
    try:
        for i, family in enumerate(todo, 1):
            print(f'[{i}/{len(todo)}] {family}: ', end='', flush=True)
            known[family] = worker(families[family])
            _, model, size, encoder, decoder, why = row(family, known[family])
            print(
                f'{model}, {size} M; encoder: {encoder}; decoder: {decoder}'
                + (f' ({why})' if why else ''),
                flush=True,
            )
            keep(known)
    finally:
        worker.stop()
    write_atomically(docs / 'families.md', render(keep(known)).encode())
    print(f'written: {docs / "families.md"}')


def main() -> None:
    """Try families, or check the page."""
    args = parse_args()
    if args.check:
        faults = find_faults()
        if faults:
            sys.exit(f'{faults}\nThen run: python tools/families_table.py')
        return
    # Late, because these import torch.
    import timm

    from xnet_mm.benchmark.families import list_families
    from xnet_mm.errors import clear_errors

    clear_errors(run)(list_families(), timm.__version__, args.pattern)


if __name__ == '__main__':
    main()
