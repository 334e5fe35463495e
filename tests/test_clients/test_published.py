"""MMSegmentation's publish_model.py on checkpoints of ours."""

import runpy
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import mmseg
import pytest
import tiny
import torch
from mmengine.runner import load_checkpoint
from mmseg.registry import MODELS

from xnet_mm.fileio.checkpoint import load_checkpoint_file

SCRIPT = Path(mmseg.__file__).parent / '.mim/tools/misc/publish_model.py'


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    return tiny.train(tmp_path_factory.mktemp('trained'))


def publish(monkeypatch, source, target):
    """Run the script; it starts `mv` and does not wait."""
    # PyTorch 2.6 on reads weights only, and a checkpoint of MMEngine's has
    # its log too.
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', '1')
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, 'Popen', lambda *a: started.append(popen(*a))
    )
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), str(source), str(target)])
    runpy.run_path(str(SCRIPT), run_name='__main__')
    assert [process.wait() for process in started] == [0]


def test_published_weights_are_those_of_the_checkpoint(
    trained, tmp_path, monkeypatch
):
    cfg, content = trained
    source = Path(cfg.work_dir, 'iter_2.pth')
    publish(monkeypatch, source, tmp_path / 'model.pth')
    # Its name says the hash of what it was made from.
    digest = sha256(source.read_bytes()).hexdigest()[:8]
    (found,) = tmp_path.iterdir()
    assert found.name == f'model-{digest}.pth'
    published = load_checkpoint_file(found)
    assert 'optimizer' not in published
    assert published['meta']['dataset_meta'] == content['meta']['dataset_meta']
    model = MODELS.build(cfg.model)
    load_checkpoint(model, str(found), map_location='cpu')
    for weights in (published['state_dict'], model.state_dict()):
        assert list(weights) == list(content['state_dict'])
        for name, tensor in content['state_dict'].items():
            assert torch.equal(weights[name], tensor)
