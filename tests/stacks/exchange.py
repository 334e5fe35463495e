"""Two stacks read each other's checkpoints and give the same figures.

python tests/stacks/exchange.py FIRST_PYTHON SECOND_PYTHON

Trains the two demo configs for a few iterations on generated scenes by each
interpreter, with MMSegmentation's own `train.py` and by `test.py` resumed,
then tests every checkpoint by both. Figures are compared as the logs have
them; exit status 1 when one differs.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = 'xnet_effnet-lite0_effnet-lite0_1xb4'
CONFIGS = {
    'segmentation': f'{MODEL}-400_scenes-192x256.py',
    'depth': f'{MODEL}-120_scenes-depth-192x256.py',
}
# The arithmetic of two PyTorch releases differs in the last bits, and a pixel
# may fall on the other side: mIoU in per cent, depth errors in metres.
ABSOLUTE, RELATIVE = 0.02, 1e-3
# Their packages have the stock scripts here.
STOCK = (
    'import mmseg, pathlib; '
    "print(pathlib.Path(mmseg.__file__).parent / '.mim' / 'tools')"
)


def run(python, *arguments, data):
    """By an interpreter, in a folder where nothing can be imported."""
    done = subprocess.run(
        [python, *map(str, arguments)],
        cwd=data.parent,
        env={**os.environ, 'XNET_MM_DATA': str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f'{python} {arguments}:\n{done.stdout[-4000:]}')
    return done.stdout


def train(python, config, folder, data):
    """Ten iterations by the stock script, resumed in the middle."""
    stock = Path(run(python, '-c', STOCK, data=data).splitlines()[-1])
    options = [
        *('--cfg-options', 'train_dataloader.num_workers=0'),
        'train_dataloader.persistent_workers=False',
        'default_hooks.checkpoint.interval=5',
    ]
    for iterations, more in ((5, []), (10, ['--resume'])):
        run(
            python, stock / 'train.py', config, '--work-dir', folder, *more,
            *options, f'train_cfg.max_iters={iterations}',
            f'train_cfg.val_begin={iterations + 1}', data=data,
        )  # fmt: skip
    return folder / 'iter_10.pth'


def test(python, config, checkpoint, folder, data):
    """The figures that the stock script logs, by name."""
    stock = Path(run(python, '-c', STOCK, data=data).splitlines()[-1])
    run(
        python, stock / 'test.py', config, checkpoint, '--work-dir', folder,
        '--cfg-options', 'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False', data=data,
    )  # fmt: skip
    (log,) = folder.glob('*/*.json')
    figures = json.loads(log.read_text().splitlines()[-1])
    return {
        name: value
        for name, value in figures.items()
        if 'time' not in name and isinstance(value, float)
    }


def differences(one, other):
    """Names of the figures that are not the same, with both values."""
    wrong = []
    for name in sorted({*one, *other}):
        values = one.get(name), other.get(name)
        share = name.endswith(('IoU', 'Acc'))
        if None in values or abs(values[0] - values[1]) > (
            ABSOLUTE if share else RELATIVE * abs(values[0])
        ):
            wrong.append(f'{name}: {values[0]} and {values[1]}')
    return wrong


def main(*pythons):
    """Print the figures; the differences are the exit status."""
    wrong = []
    with tempfile.TemporaryDirectory() as parent:
        data = Path(parent, 'data')
        scenes = ROOT / 'tools' / 'make_scenes.py'
        run(
            pythons[0], scenes, data / 'scenes', '--num-train', 40,
            '--num-val', 10, data=data,
        )  # fmt: skip
        for task, name in CONFIGS.items():
            config = ROOT / 'configs' / 'demo' / name
            for i, trainer in enumerate(pythons):
                folder = Path(parent, f'{task}_{i}')
                checkpoint = train(trainer, config, folder, data)
                figures = [
                    test(p, config, checkpoint, folder / f'test_{j}', data)
                    for j, p in enumerate(pythons)
                ]
                print(f'{task}, trained by {trainer}:', flush=True)
                for python, found in zip(pythons, figures, strict=True):
                    print(f'  {python}: {found}', flush=True)
                wrong += differences(*figures)
    if wrong or not figures[0]:
        sys.exit('Not the same:\n' + '\n'.join(wrong))


if __name__ == '__main__':
    main(*map(os.path.abspath, sys.argv[1:]))
