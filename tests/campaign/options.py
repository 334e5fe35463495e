"""Options of every tool that no run can mean."""

from campaign.case import Case, Gives, Refused, Run, check
from campaign.desk import Desk
from campaign.images import save, scene
from campaign.world import World

KIND = 'options'


def base(desk: Desk, tool: str) -> list:
    """The arguments without which the tool does nothing."""
    world = World(desk.world)
    image = save(desk.folder / 'in' / 'a.png', scene())
    seg = [world.config('seg3'), world.checkpoint('seg3')]
    depth = [world.config('depth10'), world.checkpoint('depth10')]
    xnet = [world.config('xnet'), world.checkpoint('xnet')]
    out = ['--out-dir', desk.folder / 'out']
    return {
        'predict.py': ['predict.py', *seg, image, *out],
        'predict.py (depth)': ['predict.py', *depth, image, *out],
        'predict_exported.py': [
            *('predict_exported.py', world.exported('seg3'), image, *out),
        ],
        'predict_exported.py (depth)': [
            *('predict_exported.py', world.exported('depth10'), image, *out),
        ],
        'export.py': ['export.py', *seg, desk.folder / 'a.onnx'],
        'test.py': ['test.py', *seg, '--work-dir', 'work'],
        'test.py (depth)': [
            *('test.py', *depth, '--work-dir', 'work', '--out', 'out'),
        ],
        'train.py': ['train.py', seg[0], '--work-dir', 'work'],
        'visualize_mix.py': [
            *('visualize_mix.py', image, *out, '--model', 'a', *xnet),
        ],
        'benchmark.py': [
            *('benchmark.py', seg[0], '--size', '32x32', '--runs', '1'),
            *('--out-dir', desk.folder / 'out'),
        ],
        'ablate.py': [
            *('ablate.py', seg[0], '--work-dir', desk.folder / 'work'),
        ],
        'check_dataset.py': [
            *('check_dataset.py', depth[0], '--out', desk.folder / 'out'),
        ],
        'make_scenes.py': [
            *('make_scenes.py', desk.folder / 'scenes', '--num-train', '2'),
            *('--num-val', '1'),
        ],
    }[tool]


# tool -> options, each with a word that the error has besides the option.
OPTIONS = {
    'predict.py': [
        '--batch-size 0',
        '--batch-size -1',
        '--batch-size 1.5',
        '--opacity nan',
        '--opacity -0.1',
        '--opacity 1.1',
        '--opacity inf',
        '--device gpu',
        '--device cuda:99',
    ],
    'predict.py (depth)': [
        '--depth-scale 0',
        '--depth-scale -1000',
        '--depth-scale nan',
        '--depth-scale inf',
        '--depth-scale 1e-9',
        '--depth-scale 1e9',
        '--depth-range 5,1',
        '--depth-range 1,1',
        '--depth-range nan,5',
        '--depth-range 0,inf',
        '--depth-range 1',
        '--depth-range 1,2,3',
        '--depth-range=-1,5',
        '--depth-range near',
        '--intrinsics 0,50,32,32',
        '--intrinsics 50,50,32',
        '--intrinsics nan,50,32,32',
        '--intrinsics 50,50,inf,32',
        '--intrinsics=-50,50,32,32',
        '--intrinsics nowhere.txt',
        '--batch-size 0',
    ],
    'predict_exported.py': [
        '--threads -1',
        '--threads 1.5',
        '--threads nan',
        '--depth-scale nan',
    ],
    'predict_exported.py (depth)': [
        '--depth-scale 0',
        '--depth-scale -1',
        '--depth-scale nan',
        '--depth-scale inf',
        '--depth-scale 1e9',
        '--depth-scale 1e-9',
    ],
    'export.py': [
        '--size 0x0',
        '--size -32x32',
        '--size 64',
        '--size 64x64x3',
        '--size axb',
        '--size 64x0',
        '--size 1e3x64',
        '--size 1000000x1000000',
        '--device gpu',
    ],
    'test.py': [
        '--wait-time nan',
        '--wait-time -1',
        '--depth-scale nan',
        '--launcher nobody',
        '--launcher slurm',
        '--tta x',
        '--cfg-options nothing',
        '--cfg-options test_dataloader.batch_size=0',
        '--cfg-options test_dataloader.batch_size=-1',
        '--cfg-options test_dataloader.num_workers=-1',
    ],
    'test.py (depth)': [
        '--depth-scale 0',
        '--depth-scale -1',
        '--depth-scale nan',
        '--depth-scale inf',
        '--depth-scale 1e-9',
    ],
    'train.py': [
        '--resume nowhere.pth',
        '--amp',
        '--launcher mpi',
        '--cfg-options train_cfg.max_iters=0',
        '--cfg-options train_cfg.max_iters=-5',
        '--cfg-options train_cfg.max_iters=1.5',
        '--cfg-options train_cfg.val_interval=0',
        '--cfg-options train_cfg.val_interval=-1',
        '--cfg-options train_dataloader.batch_size=0',
        '--cfg-options train_dataloader.batch_size=-2',
        '--cfg-options train_dataloader.num_workers=-1',
        '--cfg-options default_hooks.checkpoint.interval=0',
        '--cfg-options default_hooks.logger.interval=0',
        '--cfg-options optim_wrapper.optimizer.lr=-1',
        '--cfg-options optim_wrapper.optimizer.lr=nan',
        '--cfg-options optim_wrapper.optimizer.type=Adamm',
        '--cfg-options randomness.seed=x',
        '--cfg-options load_from=nowhere.pth',
    ],
    'visualize_mix.py': ['--device gpu'],
    'benchmark.py': [
        '--runs 0',
        '--runs -1',
        '--batch 0',
        '--batch -1',
        '--threads -1',
        '--threads 0',
        '--size 0x0',
        '--size=-32x32',
        '--size 32',
        '--precision fp16',
        '--names a b',
    ],
    'ablate.py': [
        '--jobs 0',
        '--jobs -1',
        '--jobs 1.5',
        '--seeds -1',
        '--seeds x',
        '--seeds 0 0',
        '--seeds 99999999999999',
        '--baseline nowhere.py',
    ],
    'check_dataset.py': ['--workers 0', '--workers -1', '--split half'],
    'make_scenes.py': [
        '--num-train 0',
        '--num-val -1',
        '--size 0 0',
        '--size 8 8',
        '--size -320 240',
        '--seed -1',
        '--workers 0',
        '--workers -3',
    ],
}
# Where the option's name is not what a user would look for.
WORDS = {
    '--launcher mpi': ('mpi',),
    '--resume nowhere.pth': ('nowhere',),
    '--cfg-options load_from=nowhere.pth': ('nowhere',),
    '--tta x': ('x',),
    '--seeds 0 0': ('seed',),
    '--baseline nowhere.py': ('nowhere',),
    '--intrinsics nowhere.txt': ('nowhere',),
    '--cfg-options nothing': ('cfg-options|nothing',),
}


def words_of(option: str) -> tuple[str, ...]:
    """The option's own name, or of a config its last key."""
    if option in WORDS:
        return WORDS[option]
    if option.startswith('--cfg-options '):
        key = option.split(' ')[1].split('=')[0]
        if key.endswith('optimizer.type'):
            return ('Adamm',)
        return (key.rsplit('.', 1)[-1],)
    return (option.split(' ')[0].split('=')[0],)


def warns(run: Run) -> None:
    check('does not fit' in run.text and 'clipped' in run.text, 'no warning')


def case(tool: str, option: str) -> Case:
    def run(desk: Desk) -> Run:
        words = option.split(' ')
        return desk.tool(*base(desk, tool), *words)

    right = Refused(words_of(option), seconds=60)
    if option == '--depth-scale 1e9':  # a range that does not fit is said
        right = Gives('warns that it does not fit', warns, ('depth-scale',))
    return Case(KIND, f'{tool} {option}', option, right, run)


# Arguments in the wrong place: tool -> words; WORLD's own stand for both.
PLACES = {
    'predict.py: no such input': ('predict.py', 'nowhere', 'nowhere'),
    'predict.py: an empty folder': ('predict.py', 'empty', 'empty'),
    'predict.py: out-dir is a file': ('predict.py', 'in', 'out'),
    'predict_exported.py: no such image': (
        'predict_exported.py',
        'nowhere.png',
        r'nowhere\.png',
    ),
}


def place(name: str) -> Case:
    tool, source, word = PLACES[name]

    def run(desk: Desk) -> Run:
        words = base(desk, tool)
        (desk.folder / 'empty').mkdir()
        if 'out-dir' in name:
            (desk.folder / 'out').write_text('a file')
        at = [str(w) for w in words].index(str(desk.folder / 'in/a.png'))
        words[at] = desk.folder / source
        return desk.tool(*words)

    return Case(KIND, name, f'input: {source}', Refused((word,)), run)


CASES = [
    *(case(tool, o) for tool, options in OPTIONS.items() for o in options),
    *(place(name) for name in PLACES),
]
