"""Real samples of the public data sets; without them tests are skipped."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REAL = Path(os.environ.get('XNET_MM_TEST_DATA', ROOT.parent / 'shared/data'))


def needs_real(folder):
    """A mark for tests that read `folder` of the real data."""
    return pytest.mark.skipif(
        not (REAL / folder).is_dir(),
        reason=f'no real data at {REAL / folder} (set XNET_MM_TEST_DATA)',
    )
