"""What is read from the logs of a run."""

import pytest
from ablations import write_log
from mmengine.config import Config

from xnet_mm.ablation.logs import changed_settings, read_log

OURS = 'xnet_mm.WeightedCrossEntropyLoss'


def test_log_of_a_resumed_run(tmp_path):
    write_log(
        tmp_path,
        dict(loss=3.0, lr=1e-3, iter=10, step=10),
        dict(mIoU=1.0, time=0.1, data_time=0.1, step=10),
        dict(loss=2.0, iter=20, step=20),
    )
    path = write_log(
        tmp_path,
        dict(loss=1.5, iter=20, step=20),
        dict(mIoU=2.0, step=20),
        start=2,
    )
    with path.open('a') as file:
        file.write('{"loss": 1.')  # killed while it wrote
    log = read_log(tmp_path)
    assert log.losses == {10: 3.0, 20: 1.5}
    assert log.validations == {10: {'mIoU': 1.0}, 20: {'mIoU': 2.0}}
    assert log.iteration == 20
    assert log.rates == {10: 1e-3}  # the others lack it
    with path.open('a') as file:
        file.write('\n{}\n')
    with pytest.raises(ValueError, match=r'line 3: wanted JSON, got .*loss'):
        read_log(tmp_path)


def test_no_log_is_no_iteration(tmp_path):
    log = read_log(tmp_path)
    assert (log.losses, log.validations, log.iteration) == ({}, {}, 0)


def test_changed_settings_are_named_and_those_of_the_launch_are_not(tmp_path):
    log = write_log(tmp_path, dict(loss=1.0, step=1))
    log.with_name('config.py').write_text(
        "a = dict(b=1, c=[1])\nwork_dir = 'x'\nrandomness = dict(seed=4)"
    )
    other = write_log(tmp_path, start=2).with_name('config.py')
    other.write_text('a = 7')  # killed before it logged: does not count
    other.with_name('scalars.json').unlink()
    now = dict(a=dict(b=1, c=[1]), work_dir='y', resume=True)
    assert changed_settings(tmp_path, Config(now), 4) == []
    now['a'] = dict(b='x' * 70)
    assert changed_settings(tmp_path, Config(now), 5) == [
        f"a.b: 1 in the run, '{'x' * 56}... now",
        "a.c: [1] in the run, 'not set' now",
        'randomness.seed: 4 in the run, 5 now',
    ]


def test_hooks_that_only_check_are_no_setting(tmp_path):
    log = write_log(tmp_path, dict(loss=1.0, step=1))
    check, other = dict(type='xnet_mm.CheckpointCheckHook'), dict(type='A')
    config = log.with_name('config.py')
    for then, now in (([], [check]), ([other], [other, check])):
        config.write_text(f'custom_hooks = {then}\nrandomness=dict(seed=0)')
        cfg = Config(dict(custom_hooks=now))
        assert changed_settings(tmp_path, cfg, 0) == []
    (text,) = changed_settings(tmp_path, Config(dict(custom_hooks=[check])), 0)
    assert text.startswith("custom_hooks: [{'type': 'A'}] in the run")


@pytest.mark.parametrize(
    ('line', 'what'),
    [
        ('\x00\x01\x02', 'wanted JSON'),
        ('"loss": 1.0}', 'wanted JSON'),
        ('[' * 100_000, 'wanted JSON'),
        ('[1, 2]', 'wanted names and values'),
        ('3', 'wanted names and values'),
        ('{}', 'step=None, wanted a number'),
        ('{"loss": 1.0}', 'step=None, wanted a number'),
        ('{"loss": 1.0, "step": "3"}', "step='3', wanted a number"),
        ('{"loss": 1.0, "step": 1.5}', r'step=1\.5, wanted a number'),
        ('{"loss": 1.0, "step": -1}', 'step=-1, wanted a number'),
        ('{"loss": NaN, "step": 1}', 'loss=nan, wanted a finite number'),
        ('{"loss": Infinity, "step": 1}', 'loss=inf, wanted a finite'),
        ('{"loss": "1.0", "step": 1}', r"loss='1\.0', wanted a finite"),
        ('{"mIoU": null, "step": 1}', 'mIoU=None, wanted a finite number'),
        ('{"mIoU": NaN, "step": 1}', 'mIoU=nan, wanted a finite number'),
    ],
)
def test_a_damaged_log_is_named_by_its_line(tmp_path, line, what):
    path = write_log(tmp_path, dict(loss=1.0, step=1))
    path.write_text(f'{path.read_text().rstrip()}\n{line}')
    with pytest.raises(ValueError, match=f'line 2: .*{what}') as error:
        read_log(tmp_path)
    assert str(path) in str(error.value)
    path.write_bytes(b'\xff\xfe{"loss"')
    with pytest.raises(ValueError, match=r'line 1: wanted JSON'):
        read_log(tmp_path)


def test_the_gradient_of_a_skipped_step_may_be_infinite(tmp_path):
    write_log(tmp_path, dict(loss=1.0, step=1, grad_norm=float('inf')))
    assert read_log(tmp_path).losses == {1: 1.0}


def test_the_config_of_a_run_is_not_run(tmp_path):
    log = write_log(tmp_path, dict(loss=1.0, step=1))
    marker = tmp_path / 'marker'
    log.with_name('config.py').write_text(
        f'a = 1\nopen({str(marker)!r}, "w")\n'
    )
    with pytest.raises(ValueError, match=r'config\.py, line 2: .*never run'):
        changed_settings(tmp_path, Config(dict(a=1)), 0)
    assert not marker.exists()


def test_a_guard_that_an_older_run_lacks_is_no_other_setting(tmp_path):
    log = write_log(tmp_path, dict(loss=1.0, step=1))
    log.with_name('config.py').write_text(
        "custom_hooks = [dict(type='A')]\nrandomness = dict(seed=4)"
    )
    guard = dict(type='xnet_mm.StopOnSignalHook')
    now = dict(custom_hooks=[dict(type='A'), guard])
    now['env_cfg'] = dict(dist_cfg=dict(timeout=600))
    assert changed_settings(tmp_path, Config(now), 4) == []
    now['custom_hooks'] = [guard, dict(type='B')]
    (text,) = changed_settings(tmp_path, Config(now), 4)
    assert text.startswith('custom_hooks: ')


@pytest.mark.parametrize('now', ['CrossEntropyLoss', OURS])
@pytest.mark.parametrize('then', ['CrossEntropyLoss', OURS])
def test_a_loss_of_the_same_values_is_no_other_setting(then, now, tmp_path):
    log = write_log(tmp_path, dict(loss=1.0, step=1))
    log.with_name('config.py').write_text(
        f"loss = dict(type='{then}', w=[1, 2])\nrandomness = dict(seed=0)"
    )
    cfg = Config(dict(loss=dict(type=now, w=[1, 2])))
    assert changed_settings(tmp_path, cfg, 0) == []
    cfg.loss.w = [1, 3]
    assert changed_settings(tmp_path, cfg, 0) == [
        'loss.w: [1, 2] in the run, [1, 3] now'
    ]
    cfg.loss = dict(type='FocalLoss', w=[1, 2])
    assert changed_settings(tmp_path, cfg, 0) == [
        f"loss.type: '{then}' in the run, 'FocalLoss' now"
    ]
