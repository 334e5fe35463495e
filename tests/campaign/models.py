"""Arguments of models, schedules and loaders that no run can mean."""

from campaign.case import Case, Gives, Refused, Run
from campaign.desk import Desk
from campaign.world import World

KIND = 'models'
DECAY = (
    'optim_wrapper.update(constructor={!r}, paramwise_cfg=dict('
    "num_layers=4, decay_rate=0.9, decay_type='layer_wise'))"
)
RATES = (
    "optim_wrapper.update(constructor='xnet_mm.LayerDecayOptimWrapper"
    "Constructor', paramwise_cfg=dict({}))"
)
SLIDE = "model['test_cfg'] = dict(mode='slide', crop_size={}, stride={})"


def head(line: str) -> str:
    return f"model['decode_head'].update({line})"


def neck(line: str) -> str:
    return f"model['neck'].update({line})"


def backbone(line: str) -> str:
    return f"model['backbone'].update({line})"


# model, one line of config, words of the error.
LINES = [
    ('xnet', neck('decoder=None'), 'decoder'),
    ('xnet', neck("decoder=''"), 'decoder'),
    ('xnet', neck('decoder=3'), 'decoder'),
    ('xnet', neck("decoder='resnet5000'"), 'resnet5000'),
    ('xnet', neck("decoder='vit_tiny_patch16_224'"), 'vit_tiny'),
    ('xnet', neck("mix='x'"), 'mix'),
    ('xnet', neck("mix_init='x'"), 'mix_init'),
    ('xnet', neck("norm='x'"), 'norm|x'),
    ('xnet', neck("act='x'"), 'act|x'),
    ('xnet', neck('in_channels=7'), 'channels|width|7'),
    ('xnet', neck('in_channels=0'), 'channels|width|0'),
    ('xnet', neck('in_channels=32, in_stride=0'), 'in_stride|stride'),
    ('xnet', neck('nobody=1'), 'nobody'),
    ('xnet', neck('pyramid_links=True'), 'pyramid'),
    ('xnet', neck("weights='nowhere.pth'"), r'nowhere\.pth'),
    ('xnet', backbone('encoder=None'), 'encoder'),
    ('xnet', backbone("encoder='resnet5000'"), 'resnet5000'),
    ('xnet', backbone("weights='nowhere.pth'"), r'nowhere\.pth'),
    ('xnet', backbone("weights='package://nowhere/a.pth'"), 'nowhere'),
    ('xnet', backbone('input_scale=0'), 'input_scale'),
    ('xnet', backbone('input_scale=-1'), 'input_scale'),
    ('xnet', backbone("input_scale=float('nan')"), 'input_scale'),
    ('xnet', head('num_classes=0'), 'num_classes'),
    ('xnet', head('num_classes=-1'), 'num_classes'),
    ('xnet', head('num_classes=1.5'), 'num_classes'),
    ('xnet', head("num_classes='3'"), 'num_classes'),
    ('xnet', head('num_classes=None'), 'num_classes'),
    ('xnet', head('out_stride=0'), 'out_stride'),
    ('xnet', head('out_stride=-4'), 'out_stride'),
    ('xnet', head('out_stride=3'), 'out_stride'),
    ('xnet', head('channels=0'), 'channels'),
    ('xnet', head('channels=-8'), 'channels'),
    ('xnet', head('pyramid_channels=0'), 'pyramid_channels'),
    ('xnet', head('dropout_ratio=2'), 'dropout'),
    ('seg3', head('num_classes=0'), 'num_classes'),
    ('seg3', head('num_classes=-1'), 'num_classes'),
    ('depth10', head('max_depth=0'), 'max_depth'),
    ('depth10', head('max_depth=-10'), 'max_depth'),
    ('depth10', head("max_depth=float('nan')"), 'max_depth'),
    ('depth10', head("max_depth=float('inf')"), 'max_depth'),
    ('depth10', head('min_depth=20'), 'min_depth'),
    ('depth10', head('min_depth=0'), 'min_depth'),
    ('depth10', head("activation='x'"), 'activation'),
    ('depth10', head('max_depth=20.0'), 'max_depth'),
    ('depth10', head('out_stride=0'), 'out_stride'),
    ('depth10', neck('decoder=None'), 'decoder'),
    ('xnet', DECAY.format('LearningRateDecayOptimizerConstructor'), 'decay'),
    ('xnet', DECAY.format('LayerDecayOptimizerConstructor'), 'decay'),
    ('xnet', RATES.format('decay_rate=0'), 'decay_rate'),
    ('xnet', RATES.format('decay_rate=1.5'), 'decay_rate'),
    ('xnet', RATES.format('decay_rate=0.9, num_layers=4'), 'num_layers'),
    ('xnet', RATES.format('encoder=0.9'), 'encoder'),
    ('seg3', RATES.format('decay_rate=0.9'), 'PretrainedEncoder'),
    ('seg3', SLIDE.format('(32, 32)', '(48, 48)'), 'stride'),
    ('seg3', SLIDE.format('(32, 32)', '(32, 33)'), 'stride'),
    ('seg3', SLIDE.format('(32, 32)', '(0, 16)'), 'stride'),
    ('seg3', SLIDE.format('(32, 32)', '(-8, 16)'), 'stride'),
    ('seg3', SLIDE.format('(0, 32)', '(16, 16)'), 'crop_size|stride'),
    ('seg3', SLIDE.format('32', '16'), 'crop_size|stride'),
    ('depth10', SLIDE.format('(32, 32)', '(48, 48)'), 'stride'),
    ('seg3', "model['test_cfg'] = dict(mode='x')", 'mode'),
    (
        'seg3',
        "model['data_preprocessor']['std'] = [0, 1, 1]",
        'std|finite|nan',
    ),
    ('seg3', "model['data_preprocessor']['mean'] = [1, 1]", 'mean'),
    ('seg3', "optim_wrapper['optimizer']['lr'] = -1.0", 'learning rate|lr'),
    ('seg3', "optim_wrapper['optimizer']['type'] = 'Nobody'", 'Nobody'),
    ('seg3', "train_dataloader['dataset']['type'] = 'Nobody'", 'Nobody'),
    ('seg3', "train_dataloader['dataset']['data_root'] = 'gone'", 'gone'),
    ('seg3', "default_hooks['checkpoint']['save_best'] = 'mIuO'", 'mIuO'),
    ('seg3', "val_evaluator['iou_metrics'] = ['mIuO']", 'mIuO'),
    ('seg3', "param_scheduler[0]['end'] = 0", 'end|0'),
]


def by_line(model: str, line: str, *words: str) -> Case:
    def run(desk: Desk) -> Run:
        path = desk.folder / 'c.py'
        world = World(desk.world)
        world.write_config(model, path, extra=f'\n{line}\n')
        if 'test_cfg' in line:
            file = world.checkpoint(model)
            return desk.tool('test.py', path, file, '--work-dir', 'work')
        return desk.tool('train.py', path, '--work-dir', 'work')

    return Case(KIND, f'{model}: {line}', line, Refused(words), run)


def slide_predicts() -> Case:
    """Windows that overlap are right."""

    def run(desk: Desk) -> Run:
        path = desk.folder / 'c.py'
        world = World(desk.world)
        extra = '\n' + SLIDE.format('(48, 48)', '(32, 32)') + '\n'
        world.write_config('seg3', path, extra=extra)
        file = world.checkpoint('seg3')
        return desk.tool('test.py', path, file, '--work-dir', 'work')

    made = 'slide, crop 48, stride 32'
    return Case(KIND, f'test.py: {made}', made, Gives('figures'), run)


def four_channels() -> Case:
    """An encoder of four channels, images of three."""

    def run(desk: Desk) -> Run:
        path = desk.folder / 'c.py'
        line = backbone(
            "encoder=dict(type='timm', model_name='resnet10t', in_chans=4)"
        )
        World(desk.world).write_config('xnet', path, extra=f'\n{line}\n')
        return desk.tool('train.py', path, '--work-dir', 'work')

    right = Refused(('channel|in_chans',))
    return Case(KIND, 'xnet: in_chans=4', 'images have three', right, run)


CASES = [
    *(by_line(*line) for line in LINES),
    slide_predicts(),
    four_channels(),
]
