"""Checkpoints and configs that do not belong together (and some that do)."""

import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.world import MODELS, World, figures_of

KIND = 'pairs'
SECONDS = 20
DIFFERS = r'missing|unexpected|size|shape|class|max_depth|not? (a )?checkpoint'
# The file is named, and what of it is not as wanted.
REFUSED = Refused((r'mine\.pth', DIFFERS), seconds=SECONDS)


def image(desk: Desk) -> Path:
    return World(desk.world).seg / 'images' / '0.png'


TOOLS = {
    'test.py': lambda desk, config, file: desk.tool(
        'test.py', config, file, '--work-dir', 'work'
    ),
    'train.py --resume': lambda desk, config, file: desk.tool(
        'train.py', config, '--work-dir', 'work', '--resume', file
    ),
    'predict.py': lambda desk, config, file: desk.tool(
        'predict.py', config, file, image(desk), '--out-dir', 'out'
    ),
    'export.py': lambda desk, config, file: desk.tool(
        'export.py', config, file, 'a.onnx', '--size', '64x64'
    ),
}


def mine(desk: Desk, model: str) -> Path:
    """The checkpoint of a model, under a name that says nothing."""
    path = desk.folder / 'mine.pth'
    shutil.copy(World(desk.world).checkpoint(model), path)
    return path


def load(desk: Desk, model: str) -> dict:
    path = World(desk.world).checkpoint(model)
    return torch.load(path, map_location='cpu', weights_only=False)


def config(desk: Desk, model: str, **options) -> Path:
    options = dict(iters=42, interval=1) | options
    path = desk.folder / 'wanted.py'
    return World(desk.world).write_config(model, path, **options)


def pair(tool: str, wanted: str, found: str) -> Case:
    def run(desk: Desk) -> Run:
        return TOOLS[tool](desk, config(desk, wanted), mine(desk, found))

    return Case(
        KIND,
        f'{tool}: config {wanted}, checkpoint {found}',
        f'the checkpoint that {found} was trained to, the config of {wanted}',
        REFUSED,
        run,
    )


def belongs(model: str) -> Case:
    expected: dict = {}

    def run(desk: Desk) -> Run:
        expected.update(World(desk.world).figures(model))
        path = mine(desk, model)
        return TOOLS['test.py'](desk, config(desk, model), path)

    def look(run: Run) -> None:
        found = figures_of(run)
        check(expected and found == expected, f'{found}, not {expected}')

    return Case(
        KIND,
        f'test.py: config and checkpoint {model}',
        f'the checkpoint that {model} was trained to, and its own config',
        Gives('exactly the figures it had', look),
        run,
    )


def _first(content: dict, part: str = '') -> str:
    """A weight of two or more axes."""
    state = content['state_dict']
    return next(
        k for k, v in state.items() if k.startswith(part) and v.ndim > 1
    )


def _swap(content: dict) -> None:
    meta = content['meta']['dataset_meta']
    meta['classes'] = [*meta['classes']][::-1]


def _values(value: float) -> Callable:
    def edit(content: dict) -> None:
        content['state_dict'][_first(content)].view(-1)[0] = value

    return edit


def _only(**content) -> Callable:
    def edit(found: dict) -> None:
        found.clear()
        found.update(content)

    return edit


def _drop(part: str) -> Callable:
    def edit(content: dict) -> None:
        state = content['state_dict']
        for key in [k for k in state if k.startswith(part)]:
            del state[key]

    return edit


def _reshape(content: dict) -> None:
    state, key = content['state_dict'], _first(content)
    state[key] = state[key].flatten()


def _wider(content: dict) -> None:
    state, key = content['state_dict'], _first(content)
    state[key] = torch.cat([state[key]] * 2)


def _rename(content: dict) -> None:
    state = content['state_dict']
    state['old.' + _first(content)] = state.pop(_first(content))


def _no_tensor(content: dict) -> None:
    content['state_dict'][_first(content)] = 'weights'


FINITE = Refused((r'mine\.pth', r'nan|finite|inf'), seconds=SECONDS)
# name -> (how it is edited, in words; what does it; what is right).
EDITS = {
    '{}': ('an empty dict', _only(), REFUSED),
    'empty state_dict': ('no tensors', _only(state_dict={}), REFUSED),
    'only meta': ('meta alone', _only(meta=dict(iter=4)), REFUSED),
    'missing key': (
        'the first weight left out',
        lambda c: c['state_dict'].pop(_first(c)),
        REFUSED,
    ),
    'missing head': ('no decode_head', _drop('decode_head.'), REFUSED),
    'missing backbone': ('no backbone', _drop('backbone.'), REFUSED),
    'extra key': (
        'one more weight',
        lambda c: c['state_dict'].update({'extra.weight': torch.ones(3)}),
        REFUSED,
    ),
    'extra head': (
        'an auxiliary head too',
        lambda c: c['state_dict'].update(
            {'auxiliary_head.conv_seg.weight': torch.ones(3, 8, 1, 1)}
        ),
        REFUSED,
    ),
    'renamed key': ('the first weight under another name', _rename, REFUSED),
    'flattened': ('the first weight as a vector', _reshape, REFUSED),
    'twice as wide': ('the first weight repeated', _wider, REFUSED),
    'not a tensor': ('text in place of a weight', _no_tensor, REFUSED),
    'NaN': ('one weight is NaN', _values(float('nan')), FINITE),
    'inf': ('one weight is infinite', _values(float('inf')), FINITE),
    'classes in another order': (
        'dataset_meta names the classes backwards',
        _swap,
        Refused((r'mine\.pth', 'class'), seconds=SECONDS),
    ),
}


def edited(tool: str, name: str) -> Case:
    how, edit, right = EDITS[name]

    def run(desk: Desk) -> Run:
        content = load(desk, 'seg3')
        edit(content)
        path = desk.folder / 'mine.pth'
        torch.save(content, path)
        return TOOLS[tool](desk, config(desk, 'seg3'), path)

    return Case(
        KIND,
        f'{tool}: {name}',
        f'the checkpoint of this very config, but {how}',
        right,
        run,
    )


def finetune(wanted: str, found: str, left_out: str) -> Case:
    def run(desk: Desk) -> Run:
        path = mine(desk, found)
        return desk.tool(
            *('train.py', config(desk, wanted, iters=2), '--work-dir'),
            *('work', '--cfg-options', f'load_from={path}'),
        )

    def look(run: Run) -> None:
        check(left_out in run.text, f'does not say that {left_out} is new')

    return Case(
        KIND,
        f'load_from: config {wanted}, checkpoint {found}',
        f'fine-tuning of {wanted} from the checkpoint of {found}',
        Gives(f'trains, and names {left_out} as left out', look),
        run,
    )


WHOLE = ('test.py', 'train.py --resume')
CASES = [
    *(belongs(model) for model in MODELS),
    *(
        pair('test.py', wanted, found)
        for wanted in MODELS
        for found in MODELS
        if wanted != found
    ),
    *(
        pair(tool, wanted, found)
        for tool in ('predict.py', 'train.py --resume')
        for wanted, found in (
            ('seg3', 'seg19'),
            ('seg3', 'xnet'),
            ('seg3', 'depth10'),
            ('xnet', 'xnet-decoder'),
            ('depth10', 'depth80'),
            ('depth10', 'seg3'),
        )
    ),
    pair('export.py', 'seg3', 'seg19'),
    pair('export.py', 'depth10', 'depth80'),
    *(edited(tool, name) for tool in WHOLE for name in EDITS),
    *(
        edited(tool, name)
        for tool in ('predict.py', 'export.py')
        for name in ('{}', 'missing key', 'extra key', 'twice as wide', 'NaN')
    ),
    finetune('seg3', 'seg19', 'decode_head.conv_seg.weight'),
    finetune('xnet', 'xnet-decoder', 'neck.'),
    finetune('xnet', 'depth10', 'decode_head.'),
]
