"""The small ablation: what each config changes, and equal cost."""

import pytest
from config_files import CONFIGS, MISSING, differences, load
from mmengine.config import Config

from xnet_mm.benchmark.complexity import count_config

TASKS = ('camvid', 'hololens')
PAIR = 'effnet-lite0_effnet-lite0'
XNET = f'xnet_{PAIR}'
EQUAL_MACS = (f'xnet-i_{PAIR}', 'upernet_effnet-lite0', 'dpt_effnet-lite0')
PEERS = ('upernet_effnet-lite0', 'dpt_effnet-lite0', 'linear_effnet-lite0')
NECK, HEAD = 'model.neck.', 'model.decode_head.'
SHUFFLE = ('bilinear', 'shuffle')
# Config, its neighbour, and what becomes of which keys.
ROWS = [
    (f'{XNET}-random', XNET, {'weights': ('PACKAGE', None)}),
    (f'xnet-i_{PAIR}', XNET, {'mix': ('stem', 'image')}),
    (f'xnet-i_{PAIR}-random', f'{XNET}-random', {'mix': ('stem', 'image')}),
]
every_task = pytest.mark.parametrize('task', TASKS)


def path_of(stem, task, length='1k'):
    return f'ablation/{task}/{stem}_1xb4-{length}_{task}-192x256.py'


def load_row(stem, task, length='1k'):
    return load(path_of(stem, task, length))


@every_task
@pytest.mark.parametrize(
    ('stem', 'neighbour', 'changes'), ROWS, ids=[row[0] for row in ROWS]
)
def test_a_row_changes_one_idea(stem, neighbour, changes, task):
    before = load_row(neighbour, task)
    package = before.model.backbone.weights
    assert differences(before, load_row(stem, task)) == {
        f'{NECK}{key}': tuple(package if v == 'PACKAGE' else v for v in values)
        for key, values in changes.items()
    }


@every_task
def test_the_papers_rs_differs_by_its_up_sampling_alone(task):
    xnet = load_row(XNET, task)
    assert differences(xnet, load_row(f'xnet-shuffle_{PAIR}', task)) == {
        f'{NECK}upsample': SHUFFLE,
        f'{HEAD}upsample': SHUFFLE,
    }


@every_task
def test_half_of_the_shipped_schedule(task):
    shipped = load(f'{task}/{XNET}_1xb4-2k_{task}-192x256.py')
    ours = load_row(XNET, task)
    changes = differences(shipped, ours)
    for box in (NECK, HEAD):  # said, whatever the shipped one has
        assert ours.model[box.split('.')[1]].upsample == 'bilinear'
        changes.pop(f'{box}upsample', None)
    kinds = {key.split('.')[0] for key in changes}
    assert kinds <= {
        *('max_iters', 'param_scheduler', 'train_cfg', 'default_hooks'),
        *('val_evaluator', 'test_evaluator'),
    }
    scale = ours.train_cfg.max_iters / shipped.train_cfg.max_iters
    assert scale == 0.5
    for a, b in zip(
        shipped.param_scheduler, ours.param_scheduler, strict=True
    ):
        if a['end'] == shipped.max_iters:  # the warm-up is as long
            a['end'] *= scale
        assert a == b
    # Points of a learning curve, and the last one is the figure.
    assert ours.train_cfg.val_interval == 250
    assert ours.train_cfg.max_iters % ours.train_cfg.val_interval == 0


@every_task
def test_edges_and_blocks_are_measured(task):
    kinds = {
        'camvid': ['IoUMetric', 'xnet_mm.BoundaryMetric'],
        'hololens': [
            'xnet_mm.DepthProtocolMetric',
            'xnet_mm.DepthBoundaryMetric',
        ],
    }
    cfg = load_row(XNET, task)
    types = [metric.type for metric in cfg.val_evaluator]
    assert types == [*kinds[task], 'xnet_mm.GridContrast']
    shipped = load(f'{task}/{XNET}_1xb4-2k_{task}-192x256.py').val_evaluator
    assert cfg.val_evaluator[0] == shipped


@every_task
@pytest.mark.parametrize('stem', PEERS)
def test_peers_differ_by_the_decoder_alone(stem, task):
    ours, theirs = load_row(XNET, task), load_row(stem, task)
    changes = differences(ours, theirs)
    heads = ours.model.decode_head, theirs.model.decode_head
    for shared in ('loss_decode', 'max_depth', 'num_classes'):
        assert heads[0].get(shared) == heads[1].get(shared), shared
    assert changes.pop('model.backbone.type') == (
        'xnet_mm.PretrainedEncoder',
        'xnet_mm.PretrainedPyramid',
    )
    assert changes.pop('model.neck')[0] == MISSING
    assert all(key.startswith((NECK, HEAD)) for key in changes)


@every_task
def test_equal_macs(task):
    wanted = count_config(load_row(XNET, task)).macs
    for stem in EQUAL_MACS:
        macs = count_config(load_row(stem, task)).macs
        assert macs == pytest.approx(wanted, rel=0.05), stem


@every_task
def test_what_was_measured_at_200_iterations_keeps_the_papers_rs(task):
    folder = CONFIGS / 'ablation' / task
    kept = {path.name for path in folder.glob('*-200_*.py')}
    stems = [f'{XNET}{end}' for end in ('', '-links', '-mix-random')]
    assert kept == {path_of(s, task, '200').split('/')[-1] for s in stems}
    for path in kept:
        model = Config.fromfile(folder / path).model
        assert model.neck.upsample == model.decode_head.upsample == 'shuffle'
