"""Configs, logs and arrays that would run code."""

import pickle
from pathlib import Path

import numpy as np

from campaign import payloads
from campaign.case import Case, Gives, Refused, Run
from campaign.desk import Desk
from campaign.world import World, depth_config

KIND = 'hostile'
REFUSED = Refused((r'evil\.ya?ml', r'python/|tag|plain data|not data|YAML'))
# What comes after `evil: `.
TAGS = {
    'object/apply os.system': '!!python/object/apply:os.system ["{run}"]',
    'object/new subprocess': (
        '!!python/object/new:subprocess.Popen [["touch", "{marker}"]]'
    ),
    'object/apply eval': (
        "!!python/object/apply:eval [\"open('{marker}', 'w')\"]"
    ),
    'object/apply in a list': (
        '[1, [2, !!python/object/apply:os.system ["{run}"]]]'
    ),
    'object/apply as a key': (
        '{{!!python/object/apply:os.system ["{run}"]: 1}}'
    ),
    'name': '!!python/name:os.system',
    'module': '!!python/module:os',
    'long tag': '!<tag:yaml.org,2002:python/object/apply:os.system> ["{run}"]',
}


def write_evil(desk: Desk, tag: str, name: str = 'evil.yml') -> Path:
    line = TAGS[tag].format(run=f'touch {desk.marker}', marker=desk.marker)
    path = desk.folder / name
    path.write_text(f'model:\n  type: EncoderDecoder\nevil: {line}\n')
    return path


def checkpoint(desk: Desk) -> Path:
    return World(desk.world).checkpoint('seg3')


def image(desk: Desk) -> Path:
    return World(desk.world).seg / 'images' / '0.png'


TOOLS = {
    'train.py': lambda desk, evil: ('train.py', evil),
    'test.py': lambda desk, evil: ('test.py', evil, checkpoint(desk)),
    'predict.py': lambda desk, evil: (
        *('predict.py', evil, checkpoint(desk), image(desk)),
        *('--out-dir', 'out'),
    ),
    'export.py': lambda desk, evil: (
        'export.py',
        evil,
        checkpoint(desk),
        'a.onnx',
    ),
    'visualize_mix.py': lambda desk, evil: (
        *('visualize_mix.py', image(desk), '--out-dir', 'out'),
        *('--model', 'a', evil, checkpoint(desk)),
    ),
    'ablate.py': lambda desk, evil: ('ablate.py', evil, '--seeds', '0'),
    'ablate.py --report-only': lambda desk, evil: (
        *('ablate.py', evil, '--report-only'),
    ),
    'check_dataset.py': lambda desk, evil: ('check_dataset.py', evil),
    'benchmark.py': lambda desk, evil: (
        *('benchmark.py', evil, '--size', '32x32', '--runs', '1'),
    ),
}


def by_yaml(tool: str, tag: str, name: str = 'evil.yml') -> Case:
    def run(desk: Desk) -> Run:
        return desk.tool(*TOOLS[tool](desk, write_evil(desk, tag, name)))

    made = f'{name} with the tag !!python/{tag}'
    return Case(KIND, f'{tool}: {name}, {tag}', made, REFUSED, run)


def as_base(tool: str, outer: str, text: str) -> Case:
    """A config that looks harmless and inherits from a hostile one."""

    def run(desk: Desk) -> Run:
        write_evil(desk, 'object/apply os.system')
        path = desk.folder / outer
        path.write_text(text)
        return desk.tool(*TOOLS[tool](desk, path))

    return Case(
        KIND,
        f'{tool}: {outer} whose base is evil.yml',
        f'{outer} inherits from evil.yml, which has a !!python tag',
        REFUSED,
        run,
    )


LOGGED = {
    'a statement': 'open({marker!r}, "w").close()\nmodel = dict()\n',
    'inside a value': 'model = dict(a=open({marker!r}, "w").close())\n',
    'a comprehension': 'a = [open({marker!r}, "w") for _ in "x"]\n',
    'a decorator': (
        '@(lambda f: open({marker!r}, "w"))\ndef f():\n    pass\n'
    ),
    'a default': 'def f(a=open({marker!r}, "w")):\n    pass\n',
    'an f-string': 'a = f"{{open({marker!r}, chr(119))}}"\n',
    'an import': 'import evil_module\n',
    'custom_imports': "custom_imports = dict(imports=['evil_module'])\n",
    'a base': "_base_ = ['./evil_module.py']\n",
    'a base of pickle': "_base_ = ['./evil.pkl']\n",
    'format of a class': (
        'a = (1).__class__.__base__.__subclasses__()\n'
        'b = open({marker!r}, "w")\n'
    ),
}


# As ablations want it.
LOGGER = "\ndefault_hooks['logger']['log_metric_by_epoch'] = False\n"


def by_log(what: str) -> Case:
    """A run's folder got from somebody, of which a report is made."""

    def run(desk: Desk) -> Run:
        path = desk.folder / 'net.py'
        World(desk.world).write_config('seg3', path, extra=LOGGER)
        vis = desk.folder / 'work/net/seed-0/20260101_000000/vis_data'
        vis.mkdir(parents=True)
        text = LOGGED[what].format(marker=str(desk.marker))
        (vis / 'config.py').write_text(text)
        code = f'open({str(desk.marker)!r}, "w").close()\n'
        (vis / 'evil_module.py').write_text(code)
        evil = payloads.MECHANISMS['os.system'](desk.marker)
        (vis / 'evil.pkl').write_bytes(pickle.dumps(evil))
        lines = '{"loss": 1.0, "step": 2}\n{"mIoU": 10.0, "step": 4}\n'
        (vis / 'scalars.json').write_text(lines)
        return desk.tool(
            *('ablate.py', path, '--seeds', '0', '--report-only'),
            *('--work-dir', desk.folder / 'work'),
            env=dict(PYTHONPATH=f'{vis}'),
        )

    return Case(
        KIND,
        f'ablate.py --report-only: {what}',
        f"vis_data/config.py of a run's folder: code as {what}",
        Gives('reports', or_refused=(r'config|net',)),
        run,
    )


def object_npy(path: Path, marker: Path) -> None:
    array = np.full((64, 64), None, object)
    array[0, 0] = payloads.MECHANISMS['os.system'](marker)
    with path.open('wb') as file:
        np.save(file, array, allow_pickle=True)


def object_npz(path: Path, marker: Path) -> None:
    array = np.full((64, 64), None, object)
    array[0, 0] = payloads.MECHANISMS['os.system'](marker)
    with path.open('wb') as file:
        np.savez(file, depth=array)


def bare_pickle(path: Path, marker: Path) -> None:
    path.write_bytes(pickle.dumps(payloads.MECHANISMS['eval'](marker)))


def by_depth(tool: str, make, ending: str) -> Case:
    """Depth maps that are pickles."""

    def run(desk: Desk) -> Run:
        world = World(desk.world)
        for i in range(6):
            rgb, depth = (desk.folder / n / f'{i}' for n in ('rgb', 'depth'))
            rgb.parent.mkdir(exist_ok=True)
            depth.parent.mkdir(exist_ok=True)
            source = world.depth / 'rgb' / f'{i}.png'
            rgb.with_suffix('.png').write_bytes(source.read_bytes())
            make(depth.with_suffix(ending), desk.marker)
        extra = ''.join(
            f"{loader}_dataloader['dataset']['depth_suffix'] = {ending!r}\n"
            for loader in ('train', 'val', 'test')
        )
        path = depth_config(
            desk.folder / 'c.py', desk.folder, extra='\n' + extra
        )
        more = {
            'test.py': (world.checkpoint('depth10'),),
            'check_dataset.py': ('--split', 'train', '--workers', '1'),
        }
        return desk.tool(tool, path, *more.get(tool, ()))

    return Case(
        KIND,
        f'{tool}: {make.__name__} as {ending}',
        f'depth maps are {make.__name__} named {ending}',
        Refused((r'depth', r'pickle|unreadable|object', r'0\.np')),
        run,
    )


CASES = [
    *(by_yaml('train.py', tag) for tag in TAGS),
    *(by_yaml(tool, 'object/apply os.system') for tool in list(TOOLS)[1:]),
    by_yaml('train.py', 'object/apply os.system', 'evil.yaml'),
    by_yaml('predict.py', 'object/apply eval', 'evil.yaml'),
    as_base('train.py', 'fine.py', "_base_ = ['evil.yml']\n"),
    as_base('test.py', 'fine.py', "_base_ = './evil.yml'\n"),
    as_base('train.py', 'fine.yml', '_base_: [evil.yml]\n'),
    as_base('predict.py', 'fine.json', '{"_base_": ["evil.yml"]}\n'),
    *(by_log(what) for what in LOGGED),
    *(
        by_depth(tool, make, ending)
        for tool, make, ending in (
            ('train.py', object_npy, '.npy'),
            ('test.py', object_npz, '.npz'),
            ('check_dataset.py', bare_pickle, '.npy'),
            ('check_dataset.py', bare_pickle, '.npz'),
            ('check_dataset.py', object_npz, '.npz'),
        )
    ),
]
