"""Checkpoints that would run code or delete files, through every door."""

import shutil
from pathlib import Path

import torch

from campaign import payloads
from campaign.case import Case, Gives, Refused, Run
from campaign.desk import Desk
from campaign.world import World

KIND = 'hostile'
# The file is named; that it is not plain data or damaged, in some words.
REFUSED = Refused(
    (r'evil', r'refus|not allowed|unsafe|plain|run code|trust|damaged')
)
BY_LIBRARY = Refused(REFUSED.words[1:], traceback=True)
SCRIPT = """
from mmengine.config import Config
from mmengine.runner import Runner
import xnet_mm
cfg = Config.fromfile({config!r})
cfg.work_dir = 'work'
cfg.load_from = {file!r}
cfg.resume = {resume}
Runner.from_cfg(cfg).{do}()
"""
INIT_MODEL = """
import xnet_mm
from mmseg.apis import init_model
init_model({config!r}, {file!r}, device='cpu')
"""
PRETRAINED = """
import xnet_mm
from mmengine.config import Config
from mmseg.registry import MODELS
from mmengine.registry import init_default_scope
init_default_scope('mmseg')
cfg = Config.fromfile({config!r})
cfg.model.init_cfg = dict(type='Pretrained', checkpoint={file!r})
MODELS.build(cfg.model).init_weights()
"""


def good(desk: Desk, name: str = 'seg3') -> dict:
    path = World(desk.world).checkpoint(name)
    return torch.load(path, map_location='cpu', weights_only=False)


def config(desk: Desk, model: str = 'seg3', **options) -> Path:
    """A config that trains 42 iterations: two more than the checkpoint."""
    options = dict(iters=42, interval=1) | options
    return World(desk.world).write_config(
        model, desk.folder / 'seg.py', **options
    )


def image(desk: Desk) -> Path:
    return World(desk.world).seg / 'images' / '0.png'


def script(desk: Desk, text: str, **words) -> Run:
    path = desk.folder / 'script.py'
    path.write_text(text.format(**words))
    return desk.tool(str(path))


def by_resume_auto(desk: Desk, evil: Path) -> Run:
    work = desk.folder / 'work'
    work.mkdir()
    shutil.move(evil, work / evil.name)
    (work / 'last_checkpoint').write_text(str(work / evil.name))
    return desk.tool('train.py', config(desk), '--work-dir', work, '--resume')


def by_weights(part: str):
    def door(desk: Desk, evil: Path) -> Run:
        line = f"\nmodel['{part}']['weights'] = {str(evil)!r}\n"
        path = config(desk, 'xnet', extra=line)
        return desk.tool('train.py', path, '--work-dir', 'work')

    return door


def by_script(text: str, **words):
    return lambda desk, evil: script(
        desk, text, config=str(config(desk)), file=str(evil), **words
    )


DOORS = {
    'test.py': lambda desk, evil: desk.tool('test.py', config(desk), evil),
    'predict.py': lambda desk, evil: desk.tool(
        'predict.py', config(desk), evil, image(desk), '--out-dir', 'out'
    ),
    'export.py': lambda desk, evil: desk.tool(
        'export.py', config(desk), evil, 'a.onnx', '--size', '64x64'
    ),
    'visualize_mix.py': lambda desk, evil: desk.tool(
        *('visualize_mix.py', image(desk), '--out-dir', 'out'),
        *('--model', 'a', config(desk, 'xnet'), evil),
    ),
    'train.py --resume FILE': lambda desk, evil: desk.tool(
        'train.py', config(desk), '--work-dir', 'work', '--resume', evil
    ),
    'train.py --resume': by_resume_auto,
    'load_from': lambda desk, evil: desk.tool(
        *('train.py', config(desk), '--work-dir', 'work'),
        *('--cfg-options', f'load_from={evil}'),
    ),
    'encoder weights': by_weights('backbone'),
    'decoder weights': by_weights('neck'),
    'metric3d.py': lambda desk, evil: desk.tool(
        'model_converters/metric3d.py', evil, 'out.safetensors'
    ),
    'Runner.test': by_script(SCRIPT, resume=False, do='test'),
    'Runner resume': by_script(SCRIPT, resume=True, do='train'),
    'Runner load_from': by_script(SCRIPT, resume=False, do='train'),
    'init_model': by_script(INIT_MODEL),
    'init_cfg Pretrained': by_script(PRETRAINED),
}
LIBRARY = ('Runner', 'init_')


def hostile(
    door: str, mechanism: str, form: str = 'zip', place: str = 'message_hub.x'
) -> Case:
    """A checkpoint of the very model, with one hostile object in it."""

    def run(desk: Desk) -> Run:
        thing = payloads.MECHANISMS[mechanism](desk.marker)
        content = payloads.into(good(desk), place, thing)
        ending = 'safetensors' if form == 'misnamed' else 'pth'
        evil = desk.folder / f'evil.{ending}'
        payloads.FORMATS.get(form, payloads.save_zip)(content, evil)
        return DOORS[door](desk, evil)

    right = BY_LIBRARY if door.startswith(LIBRARY) else REFUSED
    return Case(
        KIND,
        f'{door}: {mechanism} in {place}, {form}',
        f'{form} file, {place} unpickles by {mechanism}',
        right,
        run,
    )


def plain(door: str, place: str) -> Case:
    """Text that `weights_only` lets through, and MMEngine runs."""

    def run(desk: Desk) -> Run:
        text = payloads.code_as_config(desk.marker)
        evil = desk.folder / 'evil.pth'
        torch.save(payloads.into(good(desk), place, text), evil)
        return DOORS[door](desk, evil)

    return Case(
        KIND,
        f'{door}: code as text in {place}',
        f'plain tensors; {place} is Python code as text',
        Gives(
            'goes on as without',
            or_refused=(r'evil|config',),
            traceback=door.startswith(LIBRARY),
        ),
        run,
    )


def pointing(name: str, info: dict, made: str, folders=()) -> Case:
    """A message hub that names a file to be deleted later on."""

    def run(desk: Desk) -> Run:
        victim = desk.victim('home/thesis.pth')
        for folder in folders:
            (desk.folder / folder).mkdir(parents=True)
        content = good(desk)
        hub = content['message_hub']['runtime_info']
        values = {
            key: value(victim) if callable(value) else value
            for key, value in info.items()
        }
        hub.update(values)
        content['message_hub']['resumed_keys'].update(
            dict.fromkeys(values, True)
        )
        evil = desk.folder / 'evil.pth'
        torch.save(content, evil)
        return DOORS['train.py --resume FILE'](desk, evil)

    return Case(
        KIND,
        f'--resume: {name}',
        made,
        Gives('trains to the end, every file is there', or_refused=('evil',)),
        run,
    )


POINTERS = [
    pointing(
        'best_ckpt is a file elsewhere',
        dict(best_ckpt=str, best_score=-1.0),
        'message_hub: best_ckpt is an absolute path, any score is better',
    ),
    pointing(
        'best_ckpt is a relative path',
        dict(best_ckpt='home/thesis.pth', best_score=-1.0),
        'message_hub: best_ckpt is relative to the current folder',
    ),
    pointing(
        'best_ckpt climbs out of the work dir',
        dict(best_ckpt='work/../home/thesis.pth', best_score=-1.0),
        'message_hub: best_ckpt starts in the work dir and leaves it',
    ),
    pointing(
        'best_ckpt of a named metric',
        dict(best_ckpt_mIoU=str, best_score_mIoU=-1.0),
        'message_hub: best_ckpt_mIoU is an absolute path',
    ),
    pointing(
        'best_ckpt is a number',
        dict(best_ckpt=7, best_score=-1.0),
        'message_hub: best_ckpt is 7',
    ),
    pointing(
        'best_ckpt is a list',
        dict(best_ckpt=lambda victim: [str(victim)], best_score=-1.0),
        'message_hub: best_ckpt is a list of a path',
    ),
    pointing(
        'last_ckpt is a file elsewhere',
        dict(last_ckpt=str),
        'message_hub: last_ckpt is an absolute path',
    ),
    pointing(
        'keep_ckpt_ids hold a path',
        dict(keep_ckpt_ids=['x/../../home/thesis', 40]),
        'message_hub: keep_ckpt_ids hold a path that leaves the work dir',
        folders=['work/iter_x'],
    ),
    pointing(
        'keep_ckpt_ids are very many',
        dict(keep_ckpt_ids=['x/../../home/thesis'] * 50),
        'message_hub: keep_ckpt_ids hold fifty paths',
        folders=['work/iter_x'],
    ),
]
CASES = [
    *(hostile('test.py', m) for m in payloads.MECHANISMS),
    *(
        hostile(door, 'os.system', form)
        for door in DOORS
        if door != 'test.py'
        for form in ('zip',)
    ),
    *(
        hostile(door, 'eval', form)
        for door in ('test.py', 'predict.py', 'train.py --resume FILE')
        for form in ('legacy', 'pickle', 'misnamed')
    ),
    hostile('encoder weights', 'exec', 'misnamed'),
    hostile('decoder weights', 'exec', 'pickle'),
    *(
        hostile('train.py --resume FILE', 'os.system', 'zip', place)
        for place in (
            'state_dict.backbone.stem.0.weight',
            'optimizer.state',
            'param_schedulers',
            'meta.x',
            'meta.dataset_meta.classes',
            'meta.cfg',
            'message_hub.runtime_info.best_ckpt',
        )
    ),
    *(
        hostile('train.py --resume', m)
        for m in ('getattr chain', 'numpy objects', 'Config.fromstring')
    ),
    *(
        plain(door, place)
        for place in ('meta.config', 'meta.cfg')
        for door in (
            'train.py --resume FILE',
            'train.py --resume',
            'test.py',
            'predict.py',
            'Runner resume',
            'init_model',
        )
    ),
    *POINTERS,
]
