"""Configs, runs and logs of ablations that train nothing."""

import json
import runpy
import signal
import sys
from pathlib import Path

from launches import REPO

from xnet_mm.ablation.plan import Run, plan
from xnet_mm.engine.launch import read_config

# Takes the place of tools/train.py: logs at once what the config says.
FAKE_TRAIN = """
import json, os, runpy, signal, sys
from pathlib import Path
config, folder = sys.argv[1], Path(sys.argv[3])
seed = int(sys.argv[-1].partition('=')[2])
cfg = runpy.run_path(config)
with open('started.txt', 'a') as file:
    print(Path(config).stem, seed, file=file)
print('arguments', *sys.argv[1:])
print('locked by', (folder / 'lock').read_text().split(' on')[0])
if cfg.get('fails'):
    sys.exit('no such data')
vis = folder / '20260101_000000' / 'vis_data'
vis.mkdir(parents=True)
own = f"launcher = 'none'\\nrandomness = dict(seed={seed})\\n"
(vis / 'config.py').write_text(Path(config).read_text() + '\\n' + own)
lines = [dict(loss=1 / step, step=step) for step in (1, 2)]
if cfg.get('interrupts'):
    (vis / 'pid').write_text(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()
if not cfg.get('unvalidated'):
    lines.append(dict(mIoU=cfg['figures'][seed], time=1.0, step=2))
(vis / 'scalars.json').write_text('\\n'.join(map(json.dumps, lines)))
"""
CONFIG = """
train_cfg = dict(max_iters={iters})
val_cfg = dict(type='ValLoop')
default_hooks = dict(logger=dict(log_metric_by_epoch=False))
figures = [10, 20, 30]
"""


def write_configs(iters=2, **extra):
    """Configs by name, with these last lines; returns their paths."""
    for name, text in extra.items():
        Path(f'{name}.py').write_text(CONFIG.format(iters=iters) + text)
    return [f'{name}.py' for name in extra]


def make_plan(configs, seeds, options=()):
    """The plan of tools/ablate.py, in the folder `work`."""
    cfgs = {config: read_config(config, options) for config in configs}
    return plan(cfgs, seeds, Path('work'), options)


def run_ablate(monkeypatch, *args):
    """tools/ablate.py in this process."""
    argv = ['tools/ablate.py', *map(str, args)]
    monkeypatch.setattr(sys, 'argv', argv)
    before = signal.getsignal(signal.SIGTERM)
    try:
        runpy.run_path(str(REPO / 'tools/ablate.py'), run_name='__main__')
    finally:
        signal.signal(signal.SIGTERM, before)


def write_log(folder, *lines, start=1):
    path = Path(folder, f'2026010{start}_000000', 'vis_data', 'scalars.json')
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(map(json.dumps, lines)) + '\n')
    return path


# abs_rel and d1 after 20 iterations: config -> seed.
FIGURES = {
    'net-a_20_x': {0: (0.10, 0.9), 1: (0.14, 0.8), 2: (0.12, 0.8)},
    'net_20_x': {0: (0.20, 0.7), 1: (0.12, 0.6), 2: (0.16, 0.8)},
    'up_20_x': {1: (0.10, 0.5)},
}


def write_runs(folder):
    """Logged as in FIGURES; the other seeds of `up` have not finished."""
    for stem, seeds in FIGURES.items():
        for seed, (abs_rel, d1) in seeds.items():
            write_log(
                folder / 'work' / stem / f'seed-{seed}',
                dict(loss=4.0 + seed, step=10),
                dict(abs_rel=9.0, d1=0.0, foo=1, step=10),
                dict(loss=2.0 + seed, step=20),
                dict(abs_rel=abs_rel, d1=d1, foo=1, step=20),
            )
    write_log(
        folder / 'work/up_20_x/seed-0',
        dict(loss=3.0, step=10),
        dict(abs_rel=9.0, d1=0.0, foo=1, step=10),
    )
    return [
        Run(f'{stem}.py', seed, Path(f'work/{stem}/seed-{seed}'), 20)
        for seed in range(3)
        for stem in FIGURES
    ]
