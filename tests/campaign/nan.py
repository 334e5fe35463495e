"""What is not finite: stopped at once, and named."""

import torch

from campaign.case import LOST, Case, Refused, Run, check
from campaign.desk import Desk
from campaign.images import save, scene
from campaign.pairs import TOOLS, load
from campaign.world import World

KIND = 'nan'
# Where it comes up in a run its iteration is named, else the setting.
WORDS = (r'nan|finite|inf', r'iteration|iter|step|lr|loss_weight')
POISON = """
import torch
from mmcv.transforms import BaseTransform
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, TRANSFORMS

@TRANSFORMS.register_module()
class Poison(BaseTransform):
    def __init__(self, name, value):
        self.name, self.value = name, value

    def transform(self, results):
        if results['img_path'].endswith(self.name):
            image = results['img'].astype('float32')
            image[3, 4, 1] = float(self.value)
            results['img'] = image
        return results

@HOOKS.register_module()
class PoisonWeights(Hook):
    def __init__(self, at):
        self.at = at

    def after_train_iter(self, runner, **kwargs):
        if runner.iter + 1 == self.at:
            weight = next(runner.model.parameters())
            weight.data.view(-1)[0] = float('nan')
"""
PIXEL = """
custom_imports = dict(imports=['poison'])
for loader in ({loaders}):
    steps = list(loader['dataset']['pipeline'])
    steps.insert(-1, dict(type='Poison', name='3.png', value={value!r}))
    loader['dataset']['pipeline'] = steps
"""
WEIGHTS = """
custom_imports = dict(imports=['poison'])
custom_hooks = _base_.custom_hooks + [dict(type='PoisonWeights', at=5)]
"""
RATE = "\noptim_wrapper['optimizer']['lr'] = {}\n"
LOSS = "\nmodel['decode_head']['loss_decode']['loss_weight'] = {}\n"
BEST = 'a NaN checkpoint is called the best'


def no_bad_best(desk: Desk) -> None:
    """Nothing that is not finite was saved as the best."""
    for path in (desk.folder / 'work').glob('best_*.pth'):
        state = torch.load(path, weights_only=False)['state_dict']
        check(all(t.isfinite().all() for t in state.values()), BEST, LOST)


def training(model: str, name: str, extra: str, *words: str) -> Case:
    def run(desk: Desk) -> Run:
        (desk.folder / 'poison.py').write_text(POISON)
        path = World(desk.world).write_config(
            model, desk.folder / 'c.py', iters=30, interval=4, extra=extra
        )
        run = desk.tool(
            *('train.py', path, '--work-dir', desk.folder / 'work'),
            env=dict(PYTHONPATH=str(desk.folder)),
        )
        no_bad_best(desk)
        return run

    right = Refused((*WORDS, *words))
    return Case(KIND, f'train.py, {model}: {name}', name, right, run)


def testing(model: str, value: str) -> Case:
    def run(desk: Desk) -> Run:
        (desk.folder / 'poison.py').write_text(POISON)
        world = World(desk.world)
        extra = PIXEL.format(loaders='test_dataloader,', value=value)
        path = world.write_config(model, desk.folder / 'c.py', extra=extra)
        return desk.tool(
            *('test.py', path, world.checkpoint(model)),
            env=dict(PYTHONPATH=str(desk.folder)),
        )

    right = Refused((WORDS[0], r'3\.png'))
    made = f'one pixel of 3.png is {value}'
    return Case(KIND, f'test.py, {model}: {made}', made, right, run)


def weights(tool: str, model: str, value: float) -> Case:
    def run(desk: Desk) -> Run:
        content = load(desk, model)
        state = content['state_dict']
        state[list(state)[-1]].view(-1)[0] = value
        file = desk.folder / 'mine.pth'
        torch.save(content, file)
        path = World(desk.world).config(model)
        if tool == 'predict_exported.py':
            desk.tool('export.py', path, file, 'a.onnx', '--size', '64x64')
            image = save(desk.folder / 'a.png', scene())
            return desk.tool(tool, 'a.onnx', image, '--out-dir', 'out')
        return TOOLS[tool](desk, path, file)

    words = (r'mine\.pth|a\.onnx', rf'{WORDS[0]}|not found')
    made = f'the last weight of {model} is {value}'
    return Case(KIND, f'{tool}: {made}', made, Refused(words), run)


CASES = [
    training('seg3', 'lr=1e30', RATE.format(1e30)),
    training('xnet', 'lr=1e30', RATE.format(1e30)),
    training('depth10', 'lr=1e30', RATE.format(1e30)),
    training('seg3', "lr=float('inf')", RATE.format("float('inf')")),
    training('seg3', 'loss_weight=nan', LOSS.format("float('nan')")),
    training('depth10', 'loss_weight=nan', LOSS.format("float('nan')")),
    training('seg3', 'loss_weight=inf', LOSS.format("float('inf')")),
    *(
        training(
            model,
            f'one pixel of 3.png is {value}',
            PIXEL.format(loaders='train_dataloader,', value=value),
            r'3\.png',
        )
        for model in ('seg3', 'xnet', 'depth10')
        for value in ('nan', 'inf')
    ),
    *(
        training(model, 'a weight is NaN after iteration 5', WEIGHTS)
        for model in ('seg3', 'depth10')
    ),
    training(
        'seg3',
        'one pixel of 3.png is nan in validation',
        PIXEL.format(loaders='val_dataloader,', value='nan'),
    ),
    testing('seg3', 'nan'),
    testing('depth10', 'nan'),
    testing('xnet', 'inf'),
    *(
        weights(tool, model, value)
        for tool in ('test.py', 'predict.py', 'predict_exported.py')
        for model, value in (
            ('seg3', float('nan')),
            ('depth10', float('nan')),
            ('depth10', float('inf')),
        )
    ),
]
