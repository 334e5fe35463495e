"""Which runs an ablation is made of, and which it refuses."""

from pathlib import Path

import pytest
from ablations import make_plan, write_configs, write_log

from xnet_mm.ablation.plan import Run


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # reading a config sets it
    monkeypatch.chdir(tmp_path)


def log_run(run):
    """As if it had been trained."""
    log = write_log(run.folder, dict(mIoU=1.0, step=run.iterations))
    log.with_name('config.py').write_text(
        Path(run.config).read_text()
        + f"\nlauncher = 'none'\nrandomness = dict(seed={run.seed})"
    )


def test_first_seed_of_every_config_first():
    configs = write_configs(a='', b='')
    runs = make_plan(configs, [1, 0, 1], ['x.y=1'])
    assert runs == [
        Run(
            f'{name}.py', seed, Path(f'work/{name}/seed-{seed}'), 2, ('x.y=1',)
        )
        for seed in (1, 0)
        for name in 'ab'
    ]
    assert str(runs[1]) == 'b, seed 1'
    assert runs[1].arguments() == [
        *('b.py', '--work-dir', 'work/b/seed-1', '--resume'),
        *('--cfg-options', 'x.y=1', 'randomness.seed=1'),
    ]


def test_a_run_is_finished_when_its_last_iteration_is_validated():
    (run,) = make_plan(write_configs(a=''), [0])
    assert not run.is_finished()
    write_log(run.folder, dict(mIoU=1.0, step=1), dict(loss=1.0, step=2))
    assert not run.is_finished()
    log_run(run._replace(folder=run.folder / 'again'))
    write_log(run.folder, dict(mIoU=1.0, step=2), start=2)
    assert run.is_finished()


def test_plan_names_what_is_wrong():
    write_configs(
        a='',
        b='val_cfg = None',
        c='train_cfg = dict(epochs=1)',
        d='default_hooks = dict()',
    )
    Path('other').mkdir()
    Path('other/a.py').write_text(Path('a.py').read_text())
    for configs, message in (
        (['no.py'], r'config not found: no\.py'),
        (['a.py', 'other/a.py'], 'two configs are called a'),
        (['b.py'], r'b\.py: has no validation \(val_cfg\)'),
        (['c.py'], r'c\.py: wanted a length in iterations'),
        (['d.py'], r'd\.py: .* Set default_hooks\.logger\.log_metric_by'),
    ):
        with pytest.raises(SystemExit, match=message):
            make_plan(configs, [0])


def test_runs_with_other_settings_are_refused():
    (config,) = write_configs(a='model = dict(neck=dict(mix=None), n=[1, 2])')
    (run,) = make_plan([config], [0])
    log_run(run)
    write_configs(a="model = dict(neck=dict(mix='image'), n=[1, 2])")
    with pytest.raises(SystemExit) as error:
        make_plan([config], [0, 1], ['lr=0.1'])
    assert str(error.value) == (
        'work/a/seed-0 holds a run of a with other settings:\n'
        "  lr: 'not set' in the run, 0.1 now\n"
        "  model.neck.mix: None in the run, 'image' now\n"
        'Runs of two kinds are not mixed: set the settings back, choose '
        'another --work-dir, or delete that folder.'
    )
