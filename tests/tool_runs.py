"""Scripts of tools/, run in this process as from the command line."""

import runpy
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1] / 'tools'


def run_tool(monkeypatch, name, *argv):
    """Run tools/`name` with these arguments."""
    script = str(TOOLS / name)
    monkeypatch.setattr(sys, 'argv', [script, *map(str, argv)])
    runpy.run_path(script, run_name='__main__')
