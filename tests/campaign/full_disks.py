"""Full disks, and tools that are killed while they write."""

import signal
from pathlib import Path

import cv2
import numpy as np

from campaign import trainings
from campaign.case import LOST, Case, Holds, Refused, Run, check
from campaign.desk import Desk
from campaign.images import save, scene
from campaign.signals import KIND, go, waiting
from campaign.world import World


# tool -> (bytes that a file may have; arguments; file that must stay).
def _full(desk: Desk, tool: str) -> tuple[int, list]:
    world = World(desk.world)
    model = world.config('seg3'), world.checkpoint('seg3')
    images = desk.folder / 'in'
    save(images / 'a.png', scene(0, (300, 400)))
    out = desk.folder / 'out'
    if tool == 'predict.py':
        return 20000, [*model, images, '--out-dir', out]
    if tool == 'predict_exported.py':
        file = world.exported('seg3')
        return 20000, [file, images / 'a.png', '--out-dir', out]
    if tool == 'export.py':
        return 20000, [*model, 'out.onnx', '--size', '64x64']
    raise ValueError(tool)


def full_disk(tool: str) -> Case:
    def run(desk: Desk) -> Run:
        limit, words = _full(desk, tool)
        run = desk.tool(tool, *words, limits=dict(RLIMIT_FSIZE=limit))
        for path in (desk.folder / 'out').rglob('*.png'):
            check(cv2.imread(str(path)) is not None, f'{path} is torn', LOST)
        left = desk.folder / 'out.onnx'
        check(not left.exists(), 'half an .onnx file', LOST)
        return run

    return Case(
        KIND,
        f'{tool}: no room for its files',
        'files may not grow beyond some bytes',
        Refused((r'out|show', r'large|space|quota|write|written|full')),
        run,
    )


def full_disk_in_training(what: str, resumed: bool) -> Case:
    def run(desk: Desk) -> Run:
        path = trainings.config(desk)
        more = []
        if resumed:
            path, processes = waiting(desk)
            processes[0].kill()
            trainings.end(desk, processes)
            go(desk)
            last = (desk.folder / 'work/last_checkpoint').read_text()
            old = Path(last)
            data = old.read_bytes()
            more = ['--resume']
        run = desk.tool(
            *('train.py', path, '--work-dir', desk.folder / 'work', *more),
            limits=dict(RLIMIT_FSIZE=30000),
            env=dict(PYTHONPATH=str(desk.folder)),
        )
        if resumed:
            check(old.exists(), f'{old.name} is gone', LOST)
            check(old.read_bytes() == data, f'{old.name} changed', LOST)
        for file in (desk.folder / 'work').glob('*.pth'):
            trainings._load(file)
        return run

    return Case(
        KIND,
        f'train.py: no room for checkpoints, {what}',
        'files may not grow beyond 30 kB, a checkpoint has more',
        Refused((r'iter_\d|checkpoint', r'large|space|quota|full')),
        run,
    )


def killed_tool(tool: str, number: int) -> Case:
    """Killed when its first file shows up: what is there is whole."""

    def run(desk: Desk) -> Run:
        world = World(desk.world)
        out = desk.folder / 'out'
        out.mkdir()
        images = [
            save(desk.folder / 'in' / f'{i}.png', scene(i)) for i in range(30)
        ]
        model = world.config('seg3'), world.checkpoint('seg3')
        words = {
            'predict.py': [*model, desk.folder / 'in', '--out-dir', out],
            'predict_exported.py': [
                *(world.exported('seg3'), *images, '--out-dir', out),
            ],
            'export.py': [*model, out / 'a.onnx', '--size', '64x64'],
        }[tool]
        process = desk.start(tool, *words)
        trainings.wait_until([process], lambda: any(out.rglob('*.*')))
        process.kill(number)
        (run,) = trainings.end(desk, [process])
        for path in out.rglob('*.png'):
            data = np.frombuffer(path.read_bytes(), np.uint8)
            whole = data.tobytes().endswith(b'IEND\xaeB`\x82')
            check(whole, f'{path.name} is torn', LOST)
        for path in out.rglob('*.onnx'):
            import onnxruntime

            onnxruntime.InferenceSession(str(path))
        desk.may_leave = True  # by a temporary name, that says so
        return run

    name = signal.Signals(number).name
    return Case(
        KIND,
        f'{tool}: {name}',
        f'{name} when its first file shows up',
        Holds('every file that is there is whole'),
        run,
    )


CASES = [
    *(
        full_disk(tool)
        for tool in (
            'predict.py',
            'predict_exported.py',
            'export.py',
        )
    ),
    full_disk_in_training('from the start', resumed=False),
    full_disk_in_training('resumed', resumed=True),
    *(
        killed_tool(tool, number)
        for tool in ('predict.py', 'predict_exported.py', 'export.py')
        for number in (signal.SIGKILL, signal.SIGTERM)
    ),
]
