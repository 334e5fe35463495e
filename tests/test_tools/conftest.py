"""A tool on depth data, in this process."""

import pytest
from tool_runs import run_tool

from xnet_mm.visualization import DepthPanelVisualizer


@pytest.fixture
def run(monkeypatch):
    """Run a tool of the repository in this process."""
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that

    def run(script, *args):
        # MMEngine keeps one visualiser of each name for the whole process.
        DepthPanelVisualizer._instance_dict.clear()
        run_tool(monkeypatch, script, *args)

    return run
