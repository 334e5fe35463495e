"""A few steps of the real thing."""

import os

import pytest
import torch
from mmengine.config import Config
from rich.progress import Progress

from xnet_mm.fit.pace import IMAGES, STEPS, WARM_UP, free_memory, measure_pace
from xnet_mm.registry import DATASETS, MODELS

SEEN = []


class PaceModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def init_weights(self):
        SEEN.append('weights')

    def train_step(self, data, optim_wrapper):
        assert self.training
        SEEN.append('step')
        optim_wrapper.update_params(self.layer(data).sum())

    def val_step(self, data):
        assert not self.training
        assert not torch.is_grad_enabled()
        SEEN.append('image')


class PaceData(torch.utils.data.Dataset):
    def __len__(self):
        return 3  # fewer than the steps

    def __getitem__(self, index):
        return torch.ones(2)


@pytest.fixture
def registered():
    """Both by name, and not for the tests that list what there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS.module_dict, 'PaceModel', PaceModel)
        patch.setitem(DATASETS.module_dict, 'PaceData', PaceData)
        yield


def loader():
    return dict(
        batch_size=1,
        dataset=dict(type='xnet_mm.PaceData'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )


def test_it_trains_and_predicts_a_little(registered):
    SEEN.clear()
    cfg = Config(
        dict(
            default_scope='mmseg',
            model=dict(type='xnet_mm.PaceModel'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            train_dataloader=loader(),
            val_dataloader=loader(),
        )
    )
    with Progress(disable=True) as progress:
        pace = measure_pace(cfg, 'cpu', progress)
    assert [
        'weights',
        *['step'] * (WARM_UP + STEPS),
        *['image'] * (1 + IMAGES),
    ] == SEEN
    assert min(pace.start, pace.step, pace.image) > 0
    assert pace.step < pace.start + 1


def test_free_memory_is_some_of_what_is_there():
    there = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    assert 0 < free_memory('cpu') <= there
