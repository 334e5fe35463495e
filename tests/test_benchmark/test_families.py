"""Families of timm: what is found of them is what the page says."""

import json
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from xnet_mm.benchmark import families
from xnet_mm.benchmark.families import examine, find_smallest, list_families

ROOT = Path(__file__).resolve().parents[2]
PAGE = json.loads((ROOT / 'docs/families.json').read_text())


def test_families_are_modules_and_first_words():
    found = list_families()
    listed = [name for names in found.values() for name in names]
    assert len(listed) == len({*listed})
    tests = [name for name in timm.list_models() if name.startswith('test_')]
    assert {*listed} == {*timm.list_models()} - {*tests}
    for family in (
        'maxxvit/coatnet',
        'maxxvit/maxvit',
        'hiera/hiera',
        'convnext/convnextv2',
        'resnet/resnet',
        'swin_transformer/swin',
    ):
        assert found[family]
    assert 'tf_efficientnet_lite0' in found['efficientnet/efficientnet']
    assert 'swinv2_cr_tiny_224' not in found['swin_transformer_v2/swinv2']


def test_every_family_is_in_the_page():
    """With another timm it may know others; the page says of which it is."""
    if timm.__version__ != PAGE['timm']:
        pytest.skip(f'the page is of timm {PAGE["timm"]}')
    assert {*PAGE['families']} == {*list_families()}


def test_smallest():
    names = ['resnet18', 'resnet10t', 'resnet14t']
    wanted = sum(
        p.numel() for p in timm.create_model('resnet10t').parameters()
    )
    assert find_smallest(names) == ('resnet10t', wanted)


@pytest.mark.parametrize(
    'family',
    ['convnext/convnext', 'maxxvit/coatnet', 'csatv2/csatv2', 'dla/dla'],
)
def test_rows_of_the_page(family):
    """Built and compared again: encoder, decoder, parameters."""
    row = PAGE['families'][family]
    model = timm.create_model(row['model'])
    assert sum(p.numel() for p in model.parameters()) == row['parameters']
    assert row == {
        'model': row['model'],
        'parameters': row['parameters'],
        **examine(row['model']),
    }


def test_nothing_of_the_page_is_raw():
    """Every refusal is a sentence of ours."""
    for family, row in PAGE['families'].items():
        for role in ('encoder', 'decoder'):
            why = row.get(f'why_no_{role}', '')
            assert bool(row.get(role)) != bool(why), family
            assert 'RAW' not in why, family
            assert 'process' not in why, family
            assert 'seconds' not in why, family


def test_a_map_that_is_not_timm_s_is_refused(monkeypatch):
    """The comparison is one: another norm of the last stage is seen."""

    class Other(families.PretrainedEncoder):
        def forward(self, image):
            return image, super().forward(image)[1] * 1.001

    monkeypatch.setattr(families, 'PretrainedEncoder', Other)
    facts = examine('resnet10t')
    assert facts['encoder'] == ''
    assert facts['why_no_encoder'] == 'its map is not equal to any of timm'
    assert facts['decoder'] == 'any'


def test_raw_errors_are_marked(monkeypatch):
    def fail(*args, **options):
        raise IndexError('list index out of range')

    monkeypatch.setattr(families, 'PretrainedReversedDecoder', fail)
    assert examine('resnet10t')['why_no_decoder'] == (
        'RAW IndexError: list index out of range'
    )


def test_layouts_of_a_map():
    torch.manual_seed(0)
    ours = torch.rand(1, 5, 2, 3)
    tokens = ours.flatten(2).transpose(1, 2)
    for theirs in (
        ours,
        ours.permute(0, 2, 3, 1),
        tokens,
        torch.cat([torch.rand(1, 2, 5), tokens], 1),  # prefix tokens
    ):
        assert families._is_equal(ours, theirs)
        assert not families._is_equal(ours, theirs + 1e-4)
    assert not families._is_equal(ours, tokens[:, 1:])
    assert not families._is_equal(ours, nn.functional.pad(ours, (0, 1)))
