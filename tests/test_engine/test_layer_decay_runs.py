"""Layer-wise rates in a run: schedule, log, resume, and what is refused."""

import json
from types import SimpleNamespace

import pytest
import tiny
import torch
from mmengine.optim import AmpOptimWrapper, build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import Runner
from tiny_models import CONVNEXT
from tool_runs import run_tool
from torch import nn

from xnet_mm.engine import layer_decay
from xnet_mm.models import PretrainedEncoder, PretrainedReversedDecoder

NAME = 'xnet_mm.LayerDecayOptimWrapperConstructor'
MODEL = """
default_hooks['checkpoint']['max_keep_ckpts'] = -1
model = dict(
    type='EncoderDecoder', data_preprocessor=model['data_preprocessor'],
    backbone=dict(
        type='xnet_mm.PretrainedEncoder', encoder='test_convnext'),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='test_convnext'),
    decode_head=dict(
        type='xnet_mm.PFPHead', num_classes=3, channels=8,
        pyramid_channels=8,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=False)),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1.0),
    constructor='LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(decay_rate=0.5, flat_decay_mult=0.0))
"""


def build(model, paramwise=None, **wrapper):
    cfg = dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=0.1, weight_decay=0.01),
        constructor=NAME,
        paramwise_cfg=paramwise or dict(decay_rate=0.5),
    )
    return build_optim_wrapper(model, cfg | wrapper)


@pytest.fixture
def encoder():
    return PretrainedEncoder(dict(CONVNEXT, type='timm'))


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Folder of the work dirs `whole`, `resumed` and `other`."""
    folder = tmp_path_factory.mktemp('runs')
    root = tiny.write_tiny_seg(folder / 'data')
    config = tiny.write_tiny_config(
        folder / 'config.py', root, iters=4, interval=2, extra=MODEL
    )
    resume = ('--resume', folder / 'whole/iter_2.pth')
    other = (
        '--cfg-options',
        'optim_wrapper.paramwise_cfg.decay_rate=1.0',
        'optim_wrapper.optimizer.weight_decay=0.0',
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('LOCAL_RANK', '0')
        for name, options in (
            ('whole', ()),
            ('resumed', resume),
            ('other', resume + other),
        ):
            work = ('--work-dir', folder / name)
            run_tool(patch, 'train.py', config, *work, *options)
    return folder


def load(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def test_a_resumed_run_ends_as_an_uninterrupted_one(runs):
    one, two = (load(runs / f / 'iter_4.pth') for f in ('whole', 'resumed'))
    for key, value in one['state_dict'].items():
        assert torch.equal(two['state_dict'][key], value), key
    assert one['optimizer']['param_groups'] == two['optimizer']['param_groups']
    states = [file['optimizer']['state'] for file in (one, two)]
    assert states[0].keys() == states[1].keys()
    for index, state in states[0].items():
        for key, value in state.items():
            assert torch.equal(states[1][index][key], value)


@pytest.mark.parametrize('key', ['lr', 'base_lr'])
def test_the_log_shows_the_rate_of_what_is_new(runs, key):
    """PolyLR from the config's 1e-3 to 0 at the fourth of four iterations."""
    (log,) = (runs / 'whole').glob('*/vis_data/scalars.json')
    lines = map(json.loads, log.read_text().splitlines())
    rates = [line[key] for line in lines if key in line]
    # Runs of one process share a visualizer, so the others write here too.
    wanted = [1e-3, 2e-3 / 3, 1e-3 / 3, 0]
    assert rates[:6] == pytest.approx([*wanted, *wanted[2:]])


def test_another_rate_resumes(runs):
    """The groups stay the same, whatever the numbers."""
    groups = [
        load(runs / f / 'iter_4.pth')['optimizer']['param_groups']
        for f in ('whole', 'other')
    ]
    sizes = [[g['params'] for g in several] for several in groups]
    assert sizes[0] == sizes[1]
    assert {g['initial_lr'] for g in groups[1]} == {1e-3}
    assert {g['weight_decay'] for g in groups[1]} == {0.0}
    assert {g['initial_lr'] for g in groups[0]} == {
        1e-3 * 0.5**n for n in range(10)
    }


def test_schedules_keep_the_factors(encoder):
    wrapper = build(encoder)
    rates = [g['lr'] for g in wrapper.param_groups]
    schedule = dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=4)
    schedule = PARAM_SCHEDULERS.build(dict(schedule, optimizer=wrapper))
    for factor in (0.1, 0.4, 0.7, 1.0):
        found = [g['lr'] for g in wrapper.param_groups]
        assert found == pytest.approx([rate * factor for rate in rates])
        wrapper.optimizer.step()
        schedule.step()


def test_scaled_rates_keep_the_factors(encoder):
    wrapper = build(encoder)
    rates = [g['lr'] for g in wrapper.optimizer.param_groups]
    runner = SimpleNamespace(
        _train_dataloader=dict(batch_size=3),
        world_size=2,
        param_schedulers=None,
        logger=SimpleNamespace(info=print),
    )
    scale = dict(enable=True, base_batch_size=12)
    Runner.scale_lr(runner, wrapper, scale)
    found = [g['lr'] for g in wrapper.optimizer.param_groups]
    assert found == pytest.approx([rate / 2 for rate in rates])
    assert wrapper.get_lr()['lr'][0] == pytest.approx(0.05)


def test_mixed_precision(encoder, monkeypatch):
    module = 'mmengine.optim.optimizer.amp_optimizer_wrapper'
    monkeypatch.setattr(f'{module}.is_cuda_available', lambda: True)
    wrapper = build(encoder, type='AmpOptimWrapper', dtype='bfloat16')
    assert isinstance(wrapper, AmpOptimWrapper)
    plain = build(encoder).optimizer.param_groups
    for group, other in zip(
        wrapper.optimizer.param_groups, plain, strict=True
    ):
        assert group['lr'] == other['lr']
        assert all(map(torch.equal, group['params'], other['params']))


def test_wrapped_by_distributed_training(encoder):
    class Parallel(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

    groups = build(Parallel(encoder)).optimizer.param_groups
    plain = build(encoder).optimizer.param_groups
    assert [g['lr'] for g in groups] == [g['lr'] for g in plain]


def test_the_log_has_a_line_for_each_layer(encoder, monkeypatch):
    told = []
    monkeypatch.setattr(
        layer_decay, 'print_log', lambda text, logger: told.append(text)
    )
    encoder.encoder.stages[1].requires_grad_(False)
    build(encoder)
    counts = {
        depth: [p.numel() for n, p in encoder.named_parameters() if key in n]
        for depth, key in {
            0: 'stem.',
            1: 'stages.0.',
            3: 'stages.2.blocks.0.',
            4: 'stages.2.blocks.1.',
            5: 'stages.3.',
        }.items()
    }
    counts[3] += [
        p.numel() for p in encoder.encoder.stages[2].downsample.parameters()
    ]
    (text,) = told
    head, _, *rows = text.splitlines()
    assert ': 10 groups of parameters, lr=0.1 ' in head
    assert [row.split()[:5] for row in rows] == [
        ['encoder', str(n), f'{0.5 ** (5 - n):g}', str(len(c)), f'{sum(c):,}']
        for n, c in sorted(counts.items(), reverse=True)
    ]
    assert [row.split()[5] for row in rows] == ['9', '6', '9', '6', '3']


def test_two_models_of_one_kind(encoder):
    """Each is counted for itself."""
    longer = dict(CONVNEXT, type='timm', depths=(1, 1, 3, 1))
    both = nn.ModuleList([encoder, PretrainedEncoder(longer)])
    groups = build(both).optimizer.param_groups
    lowest = {id(p): g['lr_scale'] for g in groups for p in g['params']}
    stems = [box.encoder.stem[0].weight for box in both]
    assert [lowest[id(p)] for p in stems] == [0.5**5, 0.5**6]


def test_a_parameter_of_two_modules(encoder):
    encoder.encoder.again = encoder.encoder.stem[0]
    with pytest.raises(
        ValueError, match=r'share .*\(8, 3, 4, 4\).*bypass_duplicate=True'
    ):
        build(encoder)
    options = dict(decay_rate=0.5, bypass_duplicate=True)
    groups = build(encoder, options).optimizer.param_groups
    found = [id(p) for g in groups for p in g['params']]
    assert len(found) == len(set(found))


def test_models_whose_layers_are_not_known():
    config = dict(type='timm', model_name='convformer_s18')
    box = PretrainedReversedDecoder(config, in_channels=8)
    with pytest.raises(
        ValueError,
        match=r'layers of the decoder, convformer_s18, are not known: .*'
        r"group_matcher.*custom_keys=\{'\.decoder\.': dict\(lr_mult",
    ):
        build(box)
    both = nn.ModuleDict(
        dict(neck=box, backbone=PretrainedEncoder(dict(CONVNEXT, type='timm')))
    )
    way_out = dict(
        encoder=dict(decay_rate=0.5),
        custom_keys={'.decoder.': dict(lr_mult=0.1)},
    )
    groups = build(both, way_out).optimizer.param_groups
    rates = {id(p): g['lr'] for g in groups for p in g['params']}
    assert {rates[id(p)] for p in box.decoder.parameters()} == {0.1 * 0.1}


@pytest.mark.parametrize(
    ('model', 'paramwise', 'text'),
    [
        (nn.Linear(2, 2), None, 'the encoder, and Linear has no Pretrained'),
        (
            'encoder',
            dict(decoder=dict(decay_rate=0.5)),
            'the decoder, and PretrainedEncoder has no PretrainedReversedDe',
        ),
    ],
)
def test_models_without_the_part(model, paramwise, text, encoder):
    with pytest.raises(ValueError, match=text):
        build(encoder if model == 'encoder' else model, paramwise)


def test_several_optimisers(encoder):
    cfg = dict(
        constructor=NAME,
        paramwise_cfg=dict(decay_rate=0.5),
        backbone=dict(optimizer=dict(type='SGD', lr=0.1)),
        neck=dict(optimizer=dict(type='SGD', lr=0.1)),
    )
    with pytest.raises(
        ValueError, match=r'no `optimizer`.*Got backbone, neck'
    ):
        build_optim_wrapper(encoder, cfg)


@pytest.mark.parametrize('optimizer', [dict(type='SGD'), dict(lr='1e-3')])
def test_no_learning_rate(encoder, optimizer):
    optimizer = dict(type='SGD') | optimizer
    with pytest.raises(ValueError, match=r'optimizer\.lr=.*finite number'):
        build(encoder, optimizer=optimizer)
