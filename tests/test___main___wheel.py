"""Every tool of a wheel, in a folder that has no clone."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from package_builds import ROOT, build, copy_source

from xnet_mm.__main__ import FOR_A_CLONE

SEGMENTATION = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-400'
DEPTH = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth'
# Runs tools in one process, for importing takes longer than what they do.
SCRIPT = """\
import contextlib, io, json, sys
import xnet_mm.__main__ as program

found = dict(package=program.__file__, tools=[*program.tools()], runs=[])
for args in json.loads(sys.argv[1]) + [[t, '--help'] for t in found['tools']]:
    sys.argv = ['xnet_mm', *args]
    out, status = io.StringIO(), 0
    with contextlib.redirect_stdout(out):
        try:
            program.main()
        except SystemExit as end:
            status = end.code or 0
    found['runs'].append([args, status, out.getvalue()])
print(json.dumps(found))
"""
SCENES = ['make_scenes', 'data/scenes', '--size', '64', '48']
SMALL = [
    *('train_cfg.max_iters=2', 'train_cfg.val_begin=1'),
    *(
        f'{split}_dataloader.{option}'
        for split in ('train', 'val', 'test')
        for option in ('num_workers=0', 'persistent_workers=False')
    ),
]


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """What `pip install --no-deps --target` of the wheel would give."""
    root = tmp_path_factory.mktemp('wheel')
    wheel = build(copy_source(root / 'source'), 'wheel')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(root / 'site')
    return root / 'site'


@pytest.fixture
def run(site, tmp_path):
    """A Python in an empty folder that finds the wheel's package alone."""

    def run_python(*args):
        known = ('PATH', 'HOME', 'HF_HOME', 'TORCH_HOME')
        env = {k: v for k, v in os.environ.items() if k in known}
        env |= dict(PYTHONPATH=str(site), OMP_NUM_THREADS='1')
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', *map(str, args)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return run_python


def test_each_tool_says_how_it_is_used_and_small_ones_run(run, site, tmp_path):
    commands = [
        [*SCENES, '--num-train', '2', '--num-val', '1'],
        ['check_dataset', DEPTH, '--out', 'checked'],
        [
            *('evaluate', 'data/scenes/depth', 'data/scenes/depth'),
            *('--protocol', 'custom', '--max-depth', '10'),
        ],
        [
            *('evaluate', 'data/scenes/labels', 'data/scenes/labels'),
            *('--labels', '--classes', SEGMENTATION, '--out', 'labels'),
        ],
        [],
        *([name] for name in FOR_A_CLONE),
    ]
    code, out, err = run('-c', SCRIPT, json.dumps(commands))
    assert code == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found['package'] == str(site / 'xnet_mm/__main__.py')
    files = (ROOT / 'tools').rglob('*.py')
    assert {*found['tools']} == {
        path.relative_to(ROOT / 'tools').with_suffix('').as_posix()
        for path in files
    }
    runs = found['runs']
    number = len(commands)
    helps = runs[number:]
    assert len(helps) == len(found['tools'])
    for (name, _), status, text in helps:
        if name in FOR_A_CLONE:
            continue
        stem = name.rpartition('/')[2]
        assert status == 0 and text.startswith(f'usage: {stem}.py'), name
    assert [status for _, status, _ in runs[: number - 2]] == [0] * 5
    assert (tmp_path / 'checked/train.png').is_file()
    assert 'abs_rel' in runs[2][2]
    assert (tmp_path / 'evaluation/card.json').is_file()
    assert '100.0' in runs[3][2], runs[3][2]
    listed = runs[4][2]
    assert '\n  train ' in listed
    for (name,), status, text in runs[number - 2 : number]:
        assert status == (
            f'{name} writes {FOR_A_CLONE[name]} of a clone, and '
            f'{site}/xnet_mm is an installed package: run it in a clone.'
        )
        assert not text and name not in listed
    assert not [*site.rglob('docs')]


@pytest.mark.heavy  # minutes: a training, an export, a benchmark
def test_a_model_is_made_tested_used_and_exported(run, tmp_path):
    def tool(*args):
        code, out, err = run('-m', 'xnet_mm', *args)
        assert code == 0, (args, err)
        return out

    images = 'data/scenes/images'
    tool(*SCENES, '--num-train', '4', '--num-val', '2')
    shown = tool('train', SEGMENTATION, '--cfg-options', *SMALL)
    assert 'mIoU' in shown
    (weights,) = tmp_path.glob('work_dirs/*_scenes-*/iter_2.pth')
    model = (SEGMENTATION, weights)
    tool('test', *model, '--out', 'tested')
    tool('predict', *model, images, '--out-dir', 'predicted')
    tool(
        *('visualize_mix', images, '--model', 'a', *model),
        *('--out-dir', 'mix'),
    )
    tool('export', *model, 'model.onnx', '--size', '96x128')
    pictures = sorted((tmp_path / images).glob('*.jpg'))
    tool('predict_exported', 'model.onnx', *pictures, '--out-dir', 'exported')
    for folder, number in (
        *(('tested', 2), ('predicted/labels', 6), ('exported/labels', 6)),
        ('mix', 6),
    ):
        assert len([*(tmp_path / folder).glob('*.png')]) == number
    judged = tool(
        *('evaluate', 'exported/labels', 'data/scenes/labels', '--labels'),
        *('--classes', SEGMENTATION),
    )
    assert 'mIoU' in judged
    tool('benchmark', '--set', 'small', '--size', '64x64', '--runs', '1')
    assert (tmp_path / 'work_dirs/benchmark/report.md').is_file()
    tool('ablate', SEGMENTATION, '--seeds', '0', '--cfg-options', *SMALL)
    assert [*tmp_path.glob('work_dirs/ablation/*/report.md')]
