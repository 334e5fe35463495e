"""Damaged logs, facts of exported files, and configs."""

import json
from collections.abc import Callable

from campaign.case import Case, Gives, Refused, Run
from campaign.damaged import KIND
from campaign.desk import Desk
from campaign.images import save, scene
from campaign.pairs import TOOLS, mine
from campaign.world import World

LINE = '{"loss": 1.0, "step": 2}\n'
END = '{"mIoU": 10.0, "step": 4}\n'
# Content of scalars.json, and whether a report can be made of it.
LOGS = {
    'whole': (LINE + END, True),
    'a cut last line': (LINE + END + '{"los', True),
    'empty': ('', True),
    'a cut line amidst': (LINE + '{"los\n' + END, False),
    'numbers': ('1\n2\n', False),
    'lists': ('[1]\n[2]\n', False),
    'no step': ('{"loss": 1.0}\n{"mIoU": 1.0}\n', False),
    'step is text': ('{"loss": 1.0, "step": "two"}\n' + END, False),
    'loss is text': ('{"loss": "low", "step": 2}\n' + END, False),
    'metric is text': (LINE + '{"mIoU": "high", "step": 4}\n', False),
    'metric is null': (LINE + '{"mIoU": null, "step": 4}\n', False),
    'NaN': (LINE + '{"mIoU": NaN, "step": 4}\n', True),
    'zeros': ('\0' * 500, False),
}


def log(name: str) -> Case:
    text, good = LOGS[name]

    def run(desk: Desk) -> Run:
        extra = "\ndefault_hooks['logger']['log_metric_by_epoch'] = False\n"
        path = desk.folder / 'net.py'
        World(desk.world).write_config('seg3', path, extra=extra)
        vis = desk.folder / 'work/net/seed-0/20260101_000000/vis_data'
        vis.mkdir(parents=True)
        (vis / 'scalars.json').write_text(text)
        return desk.tool(
            *('ablate.py', path, '--seeds', '0', '--report-only'),
            *('--work-dir', desk.folder / 'work'),
        )

    words = (r'scalars|seed-0|no finished run',)
    right = Gives('a report', or_refused=words) if good else Refused(words)
    return Case(KIND, f'ablate.py: log, {name}', text[:40], right, run)


def _edit(**facts):
    return lambda text: json.dumps({**json.loads(text), **facts})


def _without(key: str):
    def change(text: str) -> str:
        facts = json.loads(text)
        facts.pop(key)
        return json.dumps(facts)

    return change


# model, change of its facts.
FACTS = {
    'none': ('seg3', lambda text: None),
    'no JSON': ('seg3', lambda text: '{"task"'),
    'a list': ('seg3', lambda text: '[]'),
    'a number': ('seg3', lambda text: '3'),
    'empty': ('seg3', lambda text: '{}'),
    'task=x': ('seg3', _edit(task='x')),
    'no task': ('seg3', _without('task')),
    'no palette': ('seg3', _without('palette')),
    'a short palette': ('seg3', _edit(palette=[[0, 0, 0]])),
    'palette of text': ('seg3', _edit(palette=['red', 'green', 'blue'])),
    'size_divisor=0': ('seg3', _edit(size_divisor=0)),
    'size_divisor=-1': ('seg3', _edit(size_divisor=-1)),
    'size=[0,0]': ('seg3', _edit(size=[0, 0])),
    'size=[64]': ('seg3', _edit(size=[64])),
    'size=[1e6,1e6]': ('seg3', _edit(size=[10**6, 10**6])),
    'scale=[0,0]': ('seg3', _edit(scale=[0, 0], keep_ratio=True)),
    'scale without keep_ratio': ('seg3', _edit(scale=[64, 64])),
    'max_depth=nan': ('depth10', _edit(max_depth=float('nan'))),
    'max_depth=-1': ('depth10', _edit(max_depth=-1)),
    'max_depth=0': ('depth10', _edit(max_depth=0)),
    'no max_depth': ('depth10', _without('max_depth')),
    'no colours': ('depth10', _edit(colours=[])),
    'task=depth of classes': ('seg3', _edit(task='depth', max_depth=10.0)),
}


def facts(name: str) -> Case:
    model, change = FACTS[name]

    def run(desk: Desk) -> Run:
        import onnx

        found = onnx.load(World(desk.world).exported(model))
        for entry in list(found.metadata_props):
            if entry.key == 'xnet_mm':
                text = change(entry.value)
                if text is None:
                    found.metadata_props.remove(entry)
                else:
                    entry.value = text
        file = desk.folder / 'mine.onnx'
        onnx.save(found, file)
        image = save(desk.folder / 'a.png', scene())
        return desk.tool(
            'predict_exported.py', file, image, '--out-dir', 'out'
        )

    right = Refused((r'mine\.onnx',))
    title = f'predict_exported.py: facts, {name}'
    return Case(KIND, title, f'facts of {model}: {name}', right, run)


def onnx_file(name: str, change: Callable[[bytes], bytes]) -> Case:
    def run(desk: Desk) -> Run:
        file = desk.folder / 'mine.onnx'
        data = World(desk.world).exported('seg3').read_bytes()
        file.write_bytes(change(data))
        image = save(desk.folder / 'a.png', scene())
        return desk.tool(
            'predict_exported.py', file, image, '--out-dir', 'out'
        )

    right = Refused((r'mine\.onnx',))
    return Case(KIND, f'predict_exported.py: {name}', name, right, run)


CONFIGS = {
    'empty': '',
    'a syntax error': 'model = dict(\n',
    'a name that is not': 'model = nothing\n',
    'no such base': "_base_ = ['nowhere.py']\n",
    'its own base': "_base_ = ['mine.py']\n",
    'no model': "work_dir = 'x'\n",
    'model=None': 'model = None\n',
    'an unknown type': "model = dict(type='Nobody')\n",
    'no type': 'model = dict(a=1)\n',
}


def broken_config(tool: str, name: str) -> Case:
    def run(desk: Desk) -> Run:
        path = desk.folder / 'mine.py'
        path.write_text(CONFIGS[name])
        file = mine(desk, 'seg3')
        if tool == 'train.py':
            return desk.tool('train.py', path, '--work-dir', 'work')
        return TOOLS[tool](desk, path, file)

    words = (r'mine\.py|nowhere|Nobody|nothing|model|type',)
    title = f'{tool}: config, {name}'
    return Case(KIND, title, CONFIGS[name].strip(), Refused(words), run)


CASES = [
    *(log(name) for name in LOGS),
    *(facts(name) for name in FACTS),
    onnx_file('empty', lambda b: b''),
    onnx_file('half', lambda b: b[: len(b) // 2]),
    onnx_file('text', lambda b: b'onnx' * 9),
    *(
        broken_config(tool, name)
        for tool in ('train.py', 'predict.py')
        for name in CONFIGS
    ),
    *(broken_config('test.py', name) for name in ('empty', 'a syntax error')),
]
