"""Table 1 as configs: each row differs from its neighbour by one idea."""

import pytest
import torch
from config_files import BASES, CONFIGS, MISSING, differences, load
from mmengine.config import Config
from mmseg.registry import MODELS

TASKS = {
    'nyu': '8xb2-80k_nyu-416x544',
    'ade20k': '8xb2-160k_ade20k-512x512',
}
SHIPPED = {
    'nyu': 'nyu/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544.py',
    'ade20k': 'ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py',
}
NECK, HEAD = 'model.neck.', 'model.decode_head.'
# Row, the row that it is compared with, and what becomes of which keys.
ROWS = [
    (
        'fpn-rev 0',
        'fpn 0',
        {
            f'{NECK}type': (
                'xnet_mm.FPNDecoder',
                'xnet_mm.PretrainedReversedDecoder',
            ),
            f'{NECK}weights': (MISSING, None),
            f'{NECK}mix': (MISSING, None),
            f'{NECK}pyramid_links': (MISSING, True),
        },
    ),
    ('fpn-rev 22k', 'fpn-rev 0', {f'{NECK}weights': (None, 'timm')}),
    ('fpn-rev-pfp 22k', 'fpn-rev 22k', {f'{HEAD}in_index': ([-1], None)}),
    (
        'rev-pfp 22k',
        'fpn-rev-pfp 22k',
        {
            'model.backbone.pyramid': (True, False),
            f'{NECK}pyramid_links': (True, False),
        },
    ),
    ('xnet-i 22k', 'rev-pfp 22k', {f'{NECK}mix': (None, 'image')}),
    ('xnet 22k', 'xnet-i 22k', {f'{NECK}mix': ('image', 'stem')}),
    ('xnet-i 0', 'xnet-i 1k', {f'{NECK}weights': ('timm', None)}),
    (
        'xnet-i 1k',
        'xnet-i 22k',
        {
            f'{NECK}decoder': (
                'convnext_tiny.fb_in22k',
                'convnext_tiny.fb_in1k',
            )
        },
    ),
]
NAMES = ['fpn 0', *(row for row, _, _ in ROWS)]
# Maps that the neck returns, and those of them that the head reads.
MAPS = {
    'fpn 0': ([4], [4]),
    'fpn-rev 0': ([4, 8, 16, 32], [32]),
    'fpn-rev 22k': ([4, 8, 16, 32], [32]),
}
every_task = pytest.mark.parametrize('task', TASKS)
every_row = pytest.mark.parametrize('row', NAMES)


def path_of(row, task):
    kind, weights = row.split()
    name = f'{kind}_convnext-t_convnext-t-{weights}_{TASKS[task]}.py'
    return CONFIGS / 'ablation' / task / name


def load_row(row, task):
    return Config.fromfile(path_of(row, task))


@every_task
def test_every_row_is_there_and_nothing_else(task):
    found = {p.name for p in (CONFIGS / 'ablation' / task).glob('*.py')}
    assert found == {path_of(row, task).name for row in NAMES}
    assert len(found) == 9


@every_task
@pytest.mark.parametrize(
    ('row', 'neighbour', 'changes'), ROWS, ids=[row for row, _, _ in ROWS]
)
def test_a_row_changes_one_idea(row, neighbour, changes, task):
    assert (
        differences(load_row(neighbour, task), load_row(row, task)) == changes
    )
    lines = path_of(row, task).read_text().splitlines()
    code = [line for line in lines if not line.startswith('#')]
    assert code[0] == f"_base_ = './{path_of(neighbour, task).name}'"
    assert code[1].startswith('model = dict(')
    assert lines[0].startswith('# Table 1, ')
    assert len(code) <= 9


@every_task
def test_the_second_group_differs_by_the_decoders_weights_alone(task):
    keys = {f'{NECK}decoder', f'{NECK}weights'}
    for a, b in (('0', '1k'), ('1k', '22k'), ('0', '22k')):
        changes = differences(
            load_row(f'xnet-i {a}', task), load_row(f'xnet-i {b}', task)
        )
        assert changes.keys() <= keys


@every_task
def test_data_and_schedule_are_those_of_the_other_tables(task):
    other = load(SHIPPED[task])
    changes = differences(other, load_row('fpn 0', task))
    boxes = ('model.backbone.', NECK, f'{HEAD}in_index')
    changes = {k: v for k, v in changes.items() if not k.startswith(boxes)}
    if task == 'nyu':  # the paper has a factor for Swin-L and for DINOv2-L
        factors = {
            key: changes.pop(key)[1]
            for key in list(changes)
            if key.startswith('optim_wrapper.paramwise_cfg.custom_keys.')
        }
        assert set(factors.values()) == {MISSING}
    assert changes == {}


@every_task
def test_the_last_row_is_xnet(task):
    """What it says beyond the base: its pair, its data, and defaults."""
    depth = '-depth' if task == 'nyu' else ''
    of_data = ('max_depth', 10.0) if depth else ('num_classes', 150)
    base = Config.fromfile(BASES / f'models/xnet{depth}.py')
    changes = differences(base, load_row('xnet 22k', task))
    assert changes.pop('model.data_preprocessor.size')[0] == MISSING
    assert {
        key: value
        for key, value in changes.items()
        if key.startswith('model.')
    } == {
        'model.backbone.encoder': (MISSING, 'convnext_tiny.fb_in22k'),
        'model.backbone.weights': (MISSING, 'timm'),
        f'{NECK}decoder': (MISSING, 'convnext_tiny.fb_in22k'),
        f'{NECK}weights': (MISSING, 'timm'),
        f'{HEAD}{of_data[0]}': (MISSING, of_data[1]),
        'model.backbone.pyramid': (MISSING, False),
        f'{NECK}pyramid_links': (MISSING, False),
        f'{HEAD}in_index': (MISSING, None),
    }


def without_weights(cfg):
    for box in (cfg.model.backbone, cfg.model.neck):
        if 'weights' in box:
            box.weights = None
    return cfg.model


def check_wiring(model, row):
    """What the row's name says, in the model that was built."""
    neck, head = model.neck, model.decode_head
    returned, read = MAPS.get(row, ([4, 8, 16, 32], [4, 8, 16, 32]))
    assert neck.out_strides == returned
    assert [neck.out_channels[i] for i in head.in_index] == head.in_channels
    assert [neck.out_strides[i] for i in head.in_index] == read
    assert model.backbone.pyramid == row.startswith('fpn')
    if row == 'fpn 0':
        return
    assert (neck.links is not None) == row.startswith('fpn')
    assert (neck.decoder.stem is None) == ('rev' in row)


@every_task
@every_row
def test_forward_and_gradient_of_a_narrow_copy(row, task):
    torch.manual_seed(0)
    model = without_weights(load_row(row, task))
    tiny = dict(type='timm', model_name='convnext_atto', depths=(1, 1, 1, 1))
    model.backbone.encoder = dict(tiny, dims=(8, 8, 16, 16))
    model.neck.decoder = dict(tiny, dims=(8, 12, 16, 20))
    model.decode_head.update(channels=2, pyramid_channels=4)
    model = MODELS.build(model)
    check_wiring(model, row)
    if 'xnet' in row:
        # RS starts as constant one, and so blind to the encoder.
        torch.nn.init.normal_(model.neck.reshape.project.weight)
    metas = [dict(img_shape=(70, 90))]
    out = model.encode_decode(torch.randn(1, 3, 70, 90), metas)
    assert out.shape == (1, 1 if task == 'nyu' else 150, 70, 90)
    assert out.isfinite().all()
    (out * torch.randn_like(out)).sum().backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


@pytest.mark.heavy
@every_task
@every_row
def test_full_size(row, task):
    model = MODELS.build(without_weights(load_row(row, task))).eval()
    check_wiring(model, row)
    encoder = sum(p.numel() for p in model.backbone.parameters())
    assert encoder / 1e6 == pytest.approx(27.8, abs=0.1)
    size = model.data_preprocessor.size
    with torch.no_grad():
        out = model(torch.zeros(1, 3, *size), mode='tensor')
    assert out.shape == (1, 1 if task == 'nyu' else 150, *size)
    assert out.isfinite().all()
