"""Damaged checkpoints, pointers, logs, exported files and configs."""

import pickle
from collections.abc import Callable
from pathlib import Path

import torch

from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.pairs import TOOLS, config, load, mine

KIND = 'damaged'


def _torch(change: Callable[[dict], object]):
    def write(path: Path, content: dict) -> None:
        torch.save(change(content), path)

    return write


def _bytes(change: Callable[[bytes], bytes]):
    def write(path: Path, content: dict) -> None:
        torch.save(content, path)
        path.write_bytes(change(path.read_bytes()))

    return write


# name -> (ending, what writes it of a good checkpoint's content).
CHECKPOINTS = {
    'empty': ('pth', _bytes(lambda b: b'')),
    'text': ('pth', _bytes(lambda b: b'weights\n' * 50)),
    'a web page': ('pth', _bytes(lambda b: b'<html>404</html>')),
    'a Git LFS pointer': (
        'pth',
        _bytes(lambda b: b'version https://git-lfs.github.com/spec/v1\n'),
    ),
    'random bytes': ('pth', _bytes(lambda b: bytes(range(256)) * 20)),
    'half': ('pth', _bytes(lambda b: b[: len(b) // 2])),
    'without its end': ('pth', _bytes(lambda b: b[:-100])),
    'a hole': (
        'pth',
        _bytes(lambda b: b[:3000] + bytes(2000) + b[5000:]),
    ),
    'a tensor': ('pth', _torch(lambda c: torch.ones(3))),
    'a list': ('pth', _torch(lambda c: [1, 2])),
    'a number': ('pth', _torch(lambda c: 7)),
    'None': ('pth', _torch(lambda c: None)),
    'a plain pickle': (
        'pth',
        lambda path, c: path.write_bytes(pickle.dumps({'a': 1})),
    ),
    'state_dict=None': ('pth', _torch(lambda c: {**c, 'state_dict': None})),
    'state_dict is a list': (
        'pth',
        _torch(lambda c: {**c, 'state_dict': [1]}),
    ),
    'keys are numbers': (
        'pth',
        _torch(lambda c: {**c, 'state_dict': {1: torch.ones(1)}}),
    ),
    'a bad safetensors header': (
        'safetensors',
        _bytes(lambda b: (10**15).to_bytes(8, 'little') + b'{}'),
    ),
    'an empty safetensors': ('safetensors', _bytes(lambda b: b'')),
    'a folder': ('pth', lambda path, c: path.mkdir()),
}


def checkpoint(tool: str, name: str) -> Case:
    ending, write = CHECKPOINTS[name]

    def run(desk: Desk) -> Run:
        path = desk.folder / f'mine.{ending}'
        write(path, load(desk, 'seg3'))
        return TOOLS[tool](desk, config(desk, 'seg3'), path)

    title = f'{tool}: checkpoint, {name}'
    right = Refused((r'mine\.(pth|safetensors)',))
    return Case(KIND, title, f'in place of a checkpoint: {name}', right, run)


# What has weights, but lacks or mangles what resuming needs.
PARTS = {
    'meta=None': lambda c: c.update(meta=None),
    'no meta': lambda c: c.pop('meta'),
    'meta.iter is text': lambda c: c['meta'].update(iter='forty'),
    'meta.iter=-1': lambda c: c['meta'].update(iter=-1),
    'message_hub=None': lambda c: c.update(message_hub=None),
    'no message_hub': lambda c: c.pop('message_hub'),
    'optimizer=None': lambda c: c.update(optimizer=None),
    'no optimizer': lambda c: c.pop('optimizer'),
    'optimizer of another': lambda c: c['optimizer'].update(param_groups=[]),
    'param_schedulers=None': lambda c: c.update(param_schedulers=None),
    'param_schedulers=[]': lambda c: c.update(param_schedulers=[]),
}


def rate(run: Run) -> None:
    """PolyLR's in iteration 41 of 42: 0.02 x (1 - 40 / 41)."""
    check('[41/42]  lr: 4.8780e-04' in run.text, 'another learning rate')


def part(name: str, tool: str) -> Case:
    def run(desk: Desk) -> Run:
        content = load(desk, 'seg3')
        PARTS[name](content)
        path = desk.folder / 'mine.pth'
        torch.save(content, path)
        return TOOLS[tool](desk, config(desk, 'seg3'), path)

    title = f'{tool}: {name}'
    right = Refused((r'mine\.pth',))
    if name == 'param_schedulers=[]':  # those of the config then
        right = Gives('the rate of the config', rate, (r'mine\.pth',))
    elif tool != 'train.py --resume' or name.startswith('no message'):
        right = Gives('the weights do', or_refused=(r'mine\.pth',))
    return Case(KIND, title, f'a good checkpoint, but {name}', right, run)


# Content of work/last_checkpoint -> right.
POINTERS = {
    'empty': b'',
    'blank': b'\n',
    'no such file': b'/nowhere/iter_4.pth',
    'bytes': bytes(range(128, 256)),
    'a folder': b'/tmp',
    'two lines': b'a.pth\nb.pth\n',
}


def pointer(name: str) -> Case:
    def run(desk: Desk) -> Run:
        work = desk.folder / 'work'
        work.mkdir()
        mine(desk, 'seg3').rename(work / 'iter_40.pth')
        (work / 'last_checkpoint').write_bytes(POINTERS[name])
        return desk.tool(
            'train.py', config(desk, 'seg3'), '--work-dir', work, '--resume'
        )

    right = Gives(
        'goes on from what is there',
        or_refused=('last_checkpoint|checkpoint',),
    )
    title = f'train.py --resume: last_checkpoint, {name}'
    return Case(KIND, title, f'work/last_checkpoint: {name}', right, run)


CASES = [
    *(checkpoint('test.py', name) for name in CHECKPOINTS),
    *(checkpoint('train.py --resume', name) for name in CHECKPOINTS),
    *(
        checkpoint(tool, name)
        for tool in ('predict.py', 'export.py')
        for name in ('empty', 'half', 'a tensor', 'state_dict=None')
    ),
    checkpoint('predict.py', 'a bad safetensors header'),
    *(part(name, 'train.py --resume') for name in PARTS),
    *(part(name, 'test.py') for name in ('meta=None', 'no meta')),
    part('meta=None', 'predict.py'),
    *(pointer(name) for name in POINTERS),
]
