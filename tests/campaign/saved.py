"""Folders of `save_pretrained`: a stranger's, damaged, killed while saved."""

import json
import random
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load_file, save_file

from campaign import payloads
from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.world import World

KIND = 'saved'
WEIGHTS = 'model.safetensors'
SAVE = """
import xnet_mm
model = xnet_mm.load({config!r}, {checkpoint!r}, device='cpu')
print('loaded', flush=True)
for _ in range({times}):
    model.save_pretrained({folder!r})
"""
# What load cannot say is a traceback, and a defect.
LOAD = """
import sys
import numpy as np
import xnet_mm
try:
    found = xnet_mm.load('s', device='cpu')('picture.png')
except (OSError, ValueError) as error:
    sys.exit(str(error))
np.save('found.npy', found.depth)
"""
KILLS = 8


def script(desk: Desk, name: str, text: str) -> str:
    path = desk.folder / f'{name}.py'
    path.write_text(text)
    return str(path)


def saving(desk: Desk, model: str, folder: str = 's', times: int = 1) -> str:
    """A script that saves a model of the world."""
    world = World(desk.world)
    return script(
        desk,
        f'save-{model}',
        SAVE.format(
            config=str(world.config(model)),
            checkpoint=str(world.checkpoint(model)),
            folder=folder,
            times=times,
        ),
    )


def save(desk: Desk, model: str = 'depth10', folder: str = 's') -> None:
    run = desk.tool(saving(desk, model, folder))
    if run.code:
        raise RuntimeError(run.text[-2000:])


def load(desk: Desk) -> Run:
    picture = desk.folder / 'picture.png'
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    cv2.imwrite(str(picture), image)
    return desk.tool(script(desk, 'load', LOAD))


def refused(name: str, made: str, edit: Callable, *words: str) -> Case:
    """A folder that is edited: `edit(desk, folder)`."""

    def run(desk: Desk) -> Run:
        save(desk)
        edit(desk, desk.folder / 's')
        return load(desk)

    return Case(KIND, name, made, Refused(words), run)


def config(change: Callable[[dict, Desk], None]) -> Callable:
    """What config.json says is changed in place."""

    def edit(desk: Desk, folder: Path) -> None:
        path = folder / 'config.json'
        content = json.loads(path.read_text())
        change(content, desk)
        path.write_text(json.dumps(content))

    return edit


def text(content: str | bytes) -> Callable:
    def edit(desk: Desk, folder: Path) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / 'config.json').write_bytes(data)

    return edit


def weights(change: Callable[[bytes], bytes]) -> Callable:
    def edit(desk: Desk, folder: Path) -> None:
        path = folder / WEIGHTS
        path.write_bytes(change(path.read_bytes()))

    return edit


def tensors(change: Callable[[dict], object]) -> Callable:
    def edit(desk: Desk, folder: Path) -> None:
        state = load_file(folder / WEIGHTS)
        change(state)
        save_file(state, folder / WEIGHTS)

    return edit


def reshaped(state: dict) -> None:
    name = next(n for n, v in state.items() if v.ndim == 4)
    state[name] = state[name][:1].copy()


def spoilt(state: dict) -> None:
    name = next(n for n, v in state.items() if v.ndim == 4)
    state[name] = np.full_like(state[name], np.nan)


def pickled(desk: Desk, folder: Path) -> None:
    call = payloads.MECHANISMS['eval'](desk.marker)
    payloads.save_pickle(dict(state_dict=call), folder / WEIGHTS)


def loss_file(content: dict, desk: Desk) -> None:
    path = desk.folder / 'evil.pkl'
    payloads.save_pickle(payloads.MECHANISMS['eval'](desk.marker), path)
    content['model']['decode_head']['loss_decode'] = dict(
        type='CrossEntropyLoss', class_weight=str(path)
    )


def typed(name: str) -> Callable:
    def change(content: dict, desk: Desk) -> None:
        content['model']['backbone'] = dict(
            type=name, command=f'touch {desk.marker}'
        )

    return config(change)


def option(key: str, value: object) -> Callable:
    def change(content: dict, desk: Desk) -> None:
        content['model']['backbone'][key] = value

    return config(change)


def linked(name: str, target: str) -> Callable:
    """A file of the folder is a link that leads out of it."""

    def edit(desk: Desk, folder: Path) -> None:
        outside = desk.victim('outside/secret', (folder / name).read_bytes())
        (folder / name).unlink()
        (folder / name).symlink_to(target.format(outside=outside))

    return edit


def code_beside(desk: Desk) -> Run:
    """Files of code lie there: they are not looked at."""
    save(desk)
    for name in ('config.py', 'modeling.py', 'xnet_mm.py', '__init__.py'):
        (desk.folder / 's' / name).write_text(
            f'open({str(desk.marker)!r}, "w")\nraise SystemExit(9)\n'
        )
    payloads.save_pickle(
        payloads.MECHANISMS['eval'](desk.marker),
        desk.folder / 's/pytorch_model.bin',
    )
    return load(desk)


def killed(seed: int) -> Case:
    """Old or new, or refused: never a mixture."""
    wait = random.Random(seed).uniform(0, 0.15)  # seconds
    wanted: list[np.ndarray] = []
    desks: list[Desk] = []

    def run(desk: Desk) -> Run:
        desk.may_leave = True
        desks.append(desk)
        for model in ('depth80', 'depth10'):  # the second is the old one
            shutil.rmtree(desk.folder / 's', ignore_errors=True)
            save(desk, model)
            found = load(desk)
            if found.code:
                raise RuntimeError(found.text[-2000:])
            wanted.append(np.load(desk.folder / 'found.npy'))
        (desk.folder / 'found.npy').unlink()
        process = desk.start(saving(desk, 'depth80', times=50))
        limit = time.monotonic() + 60
        while 'loaded' not in process.output() and time.monotonic() < limit:
            time.sleep(0.001)
        time.sleep(wait)
        process.kill(group=True)
        desk.runs.append(process.wait())
        return load(desk)

    def look(run: Run) -> None:
        found = np.load(desks[0].folder / 'found.npy')
        same = [np.array_equal(found, depth) for depth in wanted]
        check(any(same), 'neither the old model nor the new one')

    right = Gives('the old model or the new', look, or_refused=('s',))
    made = f'kill -9 {wait * 1000:.0f} ms into saving over another model'
    return Case(KIND, f'killed while saved, {seed}', made, right, run)


CASES = [
    Case(
        KIND,
        'code beside the model',
        'config.py, modeling.py, pytorch_model.bin',
        Gives('a prediction'),
        code_beside,
    ),
    refused('os.system', 'a type', typed('os.system'), r'config\.json'),
    refused(
        'a class by its path',
        'subprocess.Popen',
        typed('subprocess.Popen'),
        r'config\.json',
    ),
    refused('a pickle', 'class_weight', config(loss_file), r'config\.json'),
    *(
        refused(f'an option {key}', repr(value), option(key, value), key)
        for key, value in (
            ('init_cfg', dict(type='Pretrained', checkpoint='/etc/passwd')),
            ('pretrained', 'https://example.org/a.pth'),
            ('checkpoint_path', '../../a.pth'),
        )
    ),
    refused(
        'a base',
        '_base_',
        config(lambda c, _: c.update(_base_='../x.py')),
        *(r'config\.json', '_base_'),
    ),
    refused(
        'imports',
        'custom_imports',
        config(lambda c, _: c.update(custom_imports=dict(imports=['this']))),
        *(r'config\.json', 'custom_imports'),
    ),
    refused('no JSON', '', text('{'), r'config\.json'),
    refused('no text', '', text(b'\xff\xfe\0'), r'config\.json'),
    refused('a list', '[]', text('[]'), r'config\.json'),
    refused('an empty config', '{}', text('{}'), r'config\.json|s: '),
    refused('deep', '[[[...', text('[' * 200_000), r'config\.json'),
    refused('huge', '30 MB', text('"' + 'a' * 30_000_000 + '"'), r'config'),
    refused('weights cut short', '', weights(lambda b: b[:-9]), WEIGHTS),
    refused('weights without a head', '', weights(lambda b: b[:5]), WEIGHTS),
    refused('no weights', '0 bytes', weights(lambda b: b''), WEIGHTS),
    refused(
        'a header of 2^60 bytes',
        '',
        weights(lambda b: struct.pack('<Q', 1 << 60) + b[8:]),
        WEIGHTS,
    ),
    refused('a pickle for weights', 'hostile', pickled, WEIGHTS),
    refused('another shape', '', tensors(reshaped), WEIGHTS, 'shape'),
    refused('NaN', 'a kernel', tensors(spoilt), WEIGHTS, 'NaN'),
    refused('one missing', '', tensors(dict.popitem), WEIGHTS, 'missing'),
    refused(
        'one too many',
        '',
        tensors(lambda s: s.update(more=np.zeros(3, np.float32))),
        *(WEIGHTS, 'unexpected'),
    ),
    *(
        refused(
            f'{name} is a link, {i}',
            target,
            linked(name, target),
            name,
            'outside',
        )
        for name in ('config.json', WEIGHTS)
        for i, target in enumerate(('{outside}', '../outside/secret'))
    ),
    *map(killed, range(KILLS)),
]
