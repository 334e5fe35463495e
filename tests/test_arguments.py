"""Options of every tool: what no run survives is refused by name."""

from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest
import torch
from parsers import TOOLS, parse, parser_of

from xnet_mm import arguments

RUN = ('a.py', 'a.pth')
OUT = ('--out-dir', 'out')
EVALUATE = ['p', 't', '--protocol', 'custom']
CONVERTER = 'dataset_converters/{}.py'
# Words that are fine, then the option and values that are not.
WRONG = [
    ('ablate.py', ['a.py'], '--seeds', '-1 0.5 x 4294967296'),
    ('ablate.py', ['a.py'], '--jobs', '0 -2 1e3 1025'),
    ('ablate.py', ['a.py'], '--label-fractions', '0 -1/2 9/8 1/0 x nan inf'),
    ('ablate.py', ['a.py', '--report-only'], '--costs', '0 -1 x'),
    ('app.py', ['a'], '--port', '0 -1 x 65536'),
    ('app.py', ['a'], '--tile', '0 63 8193 x'),
    ('app.py', ['a'], '--device', 'cpux meta'),
    ('benchmark.py', ['a.py'], '--size', '0x0 1e9x1 48 x 8x-8 1x40000 8x8x8'),
    ('benchmark.py', ['a.py'], '--size', '32768x32768 nanxnan 99999999999x1'),
    ('benchmark.py', ['a.py'], '--batch', '0 -1 nan 1.5 99999999999999999999'),
    ('benchmark.py', ['a.py'], '--runs', '0 inf'),
    ('benchmark.py', ['a.py'], '--threads', '-1 0 10000000'),
    ('benchmark.py', ['a.py'], '--device', 'cpux meta cuda:99'),
    ('check_dataset.py', ['a.py'], '--workers', '0 -1 x'),
    ('check_dataset.py', ['a.py'], '--cfg-options', 'a =1 a..b=1 a=[1,(2'),
    ('evaluate.py', EVALUATE, '--prediction-scale', 'nan inf 0 -1 1e10'),
    ('evaluate.py', EVALUATE, '--truth-scale', 'x 0'),
    ('evaluate.py', EVALUATE, '--min-depth', 'nan -1 x'),
    ('evaluate.py', EVALUATE, '--max-depth', 'inf -0.1 1e7'),
    ('evaluate.py', EVALUATE, '--workers', '0 -1 1.5'),
    (
        *('evaluate.py', ['p', 't', '--labels', '--classes', 'c']),
        *('--ignore-index', '-1 x 65536'),
    ),
    ('export.py', [*RUN, 'a.onnx'], '--size', '0x0 0x64 1e9x1'),
    ('export.py', [*RUN, 'a.pt2'], '--device', 'gpu'),
    (
        *('export.py', [*RUN, 'a.onnx', '--int8', 'b']),
        *('--int8-loss', 'nan -1 inf x 101'),
    ),
    (
        *('export.py', [*RUN, 'a.onnx', '--int8', 'b']),
        *('--int8-limit', '0 -1 1.5'),
    ),
    ('make_scenes.py', ['new'], '--num-train', '0 -1 1e9 9999999'),
    ('make_scenes.py', ['new'], '--num-val', '0 nan'),
    ('make_scenes.py', ['new'], '--seed', '-1 1.0 4294967296'),
    ('make_scenes.py', ['new'], '--workers', '0'),
    ('predict.py', [*RUN, 'in', *OUT], '--batch-size', '0 -4 nan 1e1'),
    ('predict.py', [*RUN, 'in', *OUT], '--opacity', 'nan inf -0.1 1.01 x'),
    ('predict.py', [*RUN, 'in', *OUT], '--depth-scale', 'nan inf -inf 0 -1'),
    ('predict.py', [*RUN, 'in', *OUT], '--depth-range', '5,1 nan,1 1,inf 2,2'),
    ('predict.py', [*RUN, 'in', *OUT], '--depth-range', 'far 1 1,2,3 0,x'),
    ('predict.py', [*RUN, 'in', *OUT], '--intrinsics', 'nan,1,1,1 0,1,1,1'),
    ('predict.py', [*RUN, 'in', *OUT], '--intrinsics', '1,1,inf,1 1,2,3 no.t'),
    ('predict.py', [*RUN, 'in', *OUT], '--device', 'cuda:99 tpu'),
    ('predict_exported.py', ['a.onnx', 'a.png'], '--threads', '-1 x 2000'),
    ('predict_exported.py', ['a.onnx', 'a.png'], '--depth-scale', 'nan inf 0'),
    ('test.py', RUN, '--depth-scale', 'nan inf 0 -1 1,5'),
    ('test.py', RUN, '--wait-time', 'nan inf -1 1e9'),
    ('test.py', RUN, '--cfg-options', 'lr model. a=(1 a=[1,2 =3'),
    ('train.py', ['a.py'], '--local-rank', '-1 x'),
    ('train.py', ['a.py'], '--cfg-options', 'x'),
    ('visualize_mix.py', ['in', '--model', 'a', *RUN, *OUT], '--device', 'x'),
    (CONVERTER.format('ddad'), ['a', 'b'], '--workers', '0 -1'),
    (CONVERTER.format('kitti'), ['a', '--selection', 'b'], '--workers', '0'),
    (CONVERTER.format('nyu'), ['a', '--sync', 'b'], '--workers', '1.5'),
    (CONVERTER.format('sunrgbd'), ['a', 'b'], '--workers', 'x'),
]
FOLDERS = [
    ('ablate.py', ['a.py'], '--work-dir'),
    ('benchmark.py', ['a.py'], '--out-dir'),
    ('check_dataset.py', ['a.py'], '--out'),
    ('evaluate.py', EVALUATE, '--out'),
    ('predict.py', [*RUN, 'in'], '--out-dir'),
    ('predict_exported.py', ['a.onnx', 'a.png'], '--out-dir'),
    ('test.py', RUN, '--out'),
    ('test.py', RUN, '--show-dir'),
    ('test.py', RUN, '--work-dir'),
    ('train.py', ['a.py'], '--work-dir'),
    ('visualize_mix.py', ['in', '--model', 'a', *RUN], '--out-dir'),
    ('make_scenes.py', [], None),
    (CONVERTER.format('camvid'), ['a'], None),
    (CONVERTER.format('ddad'), ['a'], None),
    (CONVERTER.format('ddad'), ['a', 'b'], '--overlay'),
    (CONVERTER.format('kitti'), ['--selection', 'b'], None),
    (CONVERTER.format('nyu'), ['--sync', 'b'], None),
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(capsys, tool, words):
    """The last line that it ends with."""
    with pytest.raises(SystemExit) as stop:
        parse(tool, *words)
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(('tool', 'fine', 'option', 'values'), WRONG)
def test_wrong_values_are_refused_by_name(capsys, tool, fine, option, values):
    parse(tool, *fine)
    for value in values.split():
        word = f'{option}={value}'
        said = refused(capsys, tool, [*fine, word])
        assert said.startswith(f'{tool.split("/")[-1]}: error: argument ')
        assert option in said and repr(value)[1:-1] in said, said
        alone = tool == 'predict_exported.py' and 'invalid ' in said
        assert 'wanted' in said or alone, said


@pytest.mark.parametrize(('tool', 'fine', 'option'), FOLDERS)
def test_no_run_starts_that_cannot_write(capsys, tool, fine, option):
    Path('file').write_text('a')
    for name, reason in (
        ('file', 'file is a file, wanted a folder'),
        ('file/below', 'file is no folder'),
    ):
        words = [*fine, name] if option is None else [*fine, option, name]
        said = refused(capsys, tool, words)
        assert tool == 'predict_exported.py' or reason in said, said
    parse(tool, *([*fine, 'x/y'] if option is None else [*fine, option, 'x']))


def test_no_permission_to_write(monkeypatch):
    monkeypatch.setattr('os.access', lambda *_: False)
    with pytest.raises(ArgumentTypeError, match='no permission to write to '):
        arguments.out_folder('new/below')


@pytest.mark.parametrize('tool', TOOLS)
def test_every_number_is_of_a_checked_type(tool):
    if tool == 'predict_exported.py':  # on its own
        checked = {'threads', 'depth_scale'}
    else:
        checked = {n for n, v in vars(arguments).items() if callable(v)}
        checked.add('checked')  # that of `told`
    for action in parser_of(tool)._actions:
        name = getattr(action.type, '__name__', None)
        if action.type in (int, float, bool):
            pytest.fail(f'{tool} {action.dest}: a bare {name}')
        if action.type not in (None, Path):
            assert name in checked, (tool, action.dest, name)
        if action.type is None and action.nargs != 0:
            default = action.default
            assert not isinstance(default, int | float), (tool, action.dest)


@pytest.mark.parametrize(
    ('tool', 'words', 'message'),
    [
        ('ablate.py', ['a.py', '--seeds', '1', '1'], 'names one twice'),
        ('ablate.py', ['a.py', '--jobs', '1', '--report-only'], 'is for tra'),
        ('benchmark.py', ['a.py', '--data', '--train'], '--train is for a mo'),
        ('benchmark.py', ['a.py', '--data', '--size', '8x8'], '--size is for'),
        ('benchmark.py', ['a.py', '--data', '--profile'], '--profile is for'),
        ('export.py', ['a.py', 'a.pth', 'a.x'], 'wanted a name in .onnx'),
        ('export.py', ['a.py', 'a.pth', ''], "wanted a file's name"),
        ('make_scenes.py', ['a', '--size', '15', '64'], 'from 16 to 32768'),
        ('predict.py', [*RUN, 'in', *OUT, '--drop-edges'], 'give --intrinsi'),
        ('test.py', [*RUN, '--out', ' '], "wanted a folder's name"),
    ],
)
def test_what_contradicts_or_says_nothing(capsys, tool, words, message):
    assert message in refused(capsys, tool, words)


def test_what_is_fine_comes_as_numbers(tmp_path):
    np.savetxt('K.txt', [[60, 0, 30.5], [0, 50, 21], [0, 0, 1]])
    args = parse(
        *('predict.py', *RUN, 'in', *OUT, '--batch-size', '2'),
        *('--opacity', '1', '--depth-scale', '256.5'),
        *('--depth-range', '0,80', '--intrinsics', 'K.txt'),
    )
    assert (args.batch_size, args.opacity, args.depth_scale) == (2, 1, 256.5)
    assert (args.depth_range, args.intrinsics) == ((0, 80), (60, 50, 30.5, 21))
    args = parse('benchmark.py', 'a.py', '--size', '480X640', '1x1')
    assert args.size == [(480, 640), (1, 1)]
    args = parse('test.py', *RUN, '--wait-time', '0', '--out', 'o')
    assert (args.wait_time, args.out) == (0, 'o')
    args = parse('train.py', 'a.py', '--cfg-options', 'a.b=[1,2]', 'c=x=y')
    assert args.cfg_options == {'a.b': [1, 2], 'c': 'x=y'}


def test_a_device_of_this_machine(monkeypatch):
    assert arguments.device('cpu') == 'cpu'

    def broken(*_, device):
        raise AssertionError('Torch not compiled with CUDA enabled')

    monkeypatch.setattr(torch, 'empty', broken)
    with pytest.raises(ArgumentTypeError, match=r"'cuda' cannot .*compiled"):
        arguments.device('cuda')
