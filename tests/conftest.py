"""What every test starts from: the default scope of the shipped configs."""

import pytest
from mmengine.registry import init_default_scope


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('mmseg')
