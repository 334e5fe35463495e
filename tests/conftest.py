"""What every test starts from: the default scope of the shipped configs."""

import os

import pytest
import torch
from mmengine.registry import init_default_scope

if not torch.cuda.is_available():
    # Before anything imports Triton: its kernels run in Python then.
    os.environ.setdefault('TRITON_INTERPRET', '1')


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('mmseg')
