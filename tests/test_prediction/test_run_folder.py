"""What is taken of a run's folder, and that none of it is run."""

import json
import os
import sys

import pytest
import torch
from shared_models import config_of

from xnet_mm.prediction.run_folder import (
    build_config,
    find_run,
    read_figures,
    read_run_checkpoint,
    read_run_config,
)


def touch(folder, *names):
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        os.utime(folder / name, (i, i))
    return folder


@pytest.mark.parametrize(
    ('names', 'checkpoint', 'which'),
    [
        (['iter_2.pth', 'iter_10.pth'], 'iter_10.pth', 'the last one'),
        (['epoch_9.pth', 'epoch_10.pth'], 'epoch_10.pth', 'the last one'),
        (
            ['iter_9.pth', 'best_mIoU_iter_8.pth'],
            *('best_mIoU_iter_8.pth', 'the best by mIoU'),
        ),
        (
            ['best_abs_rel_iter_8.pth', 'best_abs_rel_iter_10.pth'],
            *('best_abs_rel_iter_10.pth', 'the best by abs_rel'),
        ),
    ],
)
def test_the_best_or_the_last(tmp_path, names, checkpoint, which):
    run = find_run(touch(tmp_path, 'a.py', *names))
    assert run == (tmp_path / 'a.py', tmp_path / checkpoint, which)


def test_the_last_is_the_one_that_is_named(tmp_path):
    touch(tmp_path, 'a.py', 'iter_2.pth', 'iter_10.pth')
    (tmp_path / 'last_checkpoint').write_text('/old/place/iter_2.pth')
    assert find_run(tmp_path).checkpoint == tmp_path / 'iter_2.pth'


def test_the_newest_config(tmp_path):
    touch(tmp_path, 'b.py', 'a.py', 'iter_1.pth')
    assert find_run(tmp_path).config == tmp_path / 'a.py'
    (tmp_path / 'a.py').unlink()
    (tmp_path / 'b.py').unlink()
    touch(tmp_path, '2/vis_data/config.py', '1/vis_data/config.py')
    assert find_run(tmp_path).config == tmp_path / '2/vis_data/config.py'


def test_best_ones_of_two_metrics(tmp_path):
    touch(tmp_path, 'a.py', 'best_mIoU_iter_2.pth', 'best_mAcc_iter_1.pth')
    with pytest.raises(ValueError, match=r'best checkpoints by m\w+ and by m'):
        find_run(tmp_path)


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        ([], r'no config that a training dumped .*load\(CONFIG, CHECKPOINT'),
        (['a.py'], r'no checkpoint \(best_\*\.pth, .*load\(CONFIG, CHECKP'),
    ],
)
def test_what_is_missing(tmp_path, names, message):
    with pytest.raises(FileNotFoundError, match=message):
        find_run(touch(tmp_path, *names))


def dumped(folder, **changes):
    cfg = config_of('depth')
    cfg.merge_from_dict(changes)
    cfg.dump(folder / 'a.py')
    return folder / 'a.py'


def test_a_config_is_read_and_held_to_the_list(tmp_path):
    path = dumped(
        tmp_path,
        custom_hooks=[
            dict(type='xnet_mm.CheckpointCheckHook', settings=False)
        ],
        load_from='somewhere.pth',
    )
    values = read_run_config(path)
    cfg = build_config(path, values)
    assert cfg.keys() == {
        *('default_scope', 'model', 'test_pipeline', 'custom_hooks'),
        'test_evaluator',
    }
    assert 'weights' not in cfg.model.backbone
    assert values['model']['backbone']['weights'] == 'no/such/encoder.pth'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('import os', r"a\.py, line 1: 'import os' is more than a value"),
        ('model = __import__("os").system("x")', r'is more than a value'),
        ('_base_ = "/tmp/evil.py"', r"a\.py names _base_='/tmp/evil\.py', wh"),
        (
            'model = dict(type="os.system", command="x")',
            r"a\.py names type='os\.system', which would run code of others",
        ),
        (
            'custom_imports = dict(imports=["antigravity"])',
            r"names custom_imports of 'antigravity'",
        ),
        ('x = 1', r'a\.py has no model=dict'),
    ],
)
def test_a_config_that_would_run_code(tmp_path, text, message):
    path = tmp_path / 'a.py'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_run_config(path)
    assert str(error.value).endswith(
        "A run's folder is read as data. If you trust the config: "
        f"load('{path}', CHECKPOINT)."
    )


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'default_scope': 'antigravity'}, r"scope 'antigravity', wanted one"),
        (
            {'model.backbone._scope_': 'antigravity'},
            r"scope 'antigravity', wanted one of OpenMMLab",
        ),
        (
            {'model.backbone.type': 'mmseg.CLIPTextEncoder'},
            r"model\.backbone\.type='.*' is not among the registered names",
        ),
        (
            {'model.backbone.plugins': [dict(cfg='x')]},
            r'model\.backbone\.plugins is no option that',
        ),
    ],
)
def test_a_class_that_is_not_on_the_list(tmp_path, changes, message):
    path = dumped(tmp_path, **changes)
    with pytest.raises(ValueError, match=rf'a\.py: .*{message}'):
        build_config(path, read_run_config(path))


def test_no_package_of_a_scope_is_imported(tmp_path, monkeypatch):
    for name in ('__init__', 'registry'):
        (tmp_path / 'evil').mkdir(exist_ok=True)
        (tmp_path / 'evil' / f'{name}.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    load, pack = config_of('depth').test_pipeline
    steps = [load, dict(pack, _scope_='evil')]
    for change in (
        dict(test_pipeline=steps),
        dict(test_dataloader=dict(dataset=dict(pipeline=steps))),
    ):
        path = dumped(tmp_path, **change)
        with pytest.raises(ValueError, match="scope 'evil', wanted one of O"):
            build_config(path, read_run_config(path))
    assert 'evil' not in sys.modules


def test_the_auxiliary_head_is_left_out(tmp_path):
    one, two = torch.zeros(1), torch.ones(1)
    state = {'module.decode_head.x': one, 'auxiliary_head.x': two}
    meta = dict(dataset_meta=dict(max_depth=3.0))
    torch.save(dict(state_dict=state, meta=meta), tmp_path / 'a.pth')
    found = read_run_checkpoint(tmp_path / 'a.pth')
    assert found == dict(state_dict={'decode_head.x': one}, meta=meta)
    torch.save(state, tmp_path / 'a.pth')
    assert read_run_checkpoint(tmp_path / 'a.pth') == {'decode_head.x': one}


def test_figures_of_its_validation(tmp_path):
    log = tmp_path / '20260101_000000/vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    lines = [
        dict(loss=1.0, step=10),
        dict(mIoU=50.0, step=10, time=0.1),
        dict(mIoU=60.0, mAcc=70.0, step=20),
    ]
    log.write_text('\n'.join(map(json.dumps, lines)))
    best = tmp_path / 'best_mIoU_iter_20.pth'
    assert read_figures(best) == dict(mIoU=60.0, mAcc=70.0)
    assert read_figures(tmp_path / 'iter_10.pth') == dict(mIoU=50.0)
    assert read_figures(tmp_path / 'iter_30.pth') == {}
    log.write_text('no log')
    assert read_figures(best) == {}
