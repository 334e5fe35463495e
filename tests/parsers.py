"""The command lines of all tools, without running a tool."""

import runpy
import sys
from argparse import ArgumentParser
from functools import cache

import pytest
from launches import REPO

TOOLS = sorted(
    path.relative_to(REPO / 'tools').as_posix()
    for path in (REPO / 'tools').rglob('*.py')
)


class Stop(Exception):
    """Carries a parser that is complete."""


@cache
def load(tool):
    """The names of tools/`tool`, which does not run."""
    return runpy.run_path(str(REPO / 'tools' / tool))


def parse(tool, *words):
    """What its `parse_args` makes of these words."""
    arguments = [{}] if tool == 'benchmark.py' else []  # its sets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [tool, *map(str, words)])
        return load(tool)['parse_args'](*arguments)


def parser_of(tool):
    """The parser itself."""

    def stop(self, *_):
        raise Stop(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArgumentParser, 'parse_args', stop)
        with pytest.raises(Stop) as stopped:
            parse(tool)
    return stopped.value.args[0]
