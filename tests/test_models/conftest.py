"""What several tests of weights look at."""

import pytest

from xnet_mm.models import weights as weights_module


@pytest.fixture
def logged(monkeypatch):
    """The lines that loading weights has logged so far."""
    lines = []
    monkeypatch.setattr(
        weights_module, 'print_log', lambda line, **_: lines.append(line)
    )
    return lines
