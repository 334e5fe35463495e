"""No moment of a save loses a checkpoint or leaves one too many."""

import json
import os
import shutil

import pytest
from saving_runs import Killed, Run, checkpoints, last

from xnet_mm.engine import SafeCheckpointHook, checkpoint_hook

LAST = 'last_checkpoint'


@pytest.mark.parametrize('keep', [1, 2])
def test_keeps_the_newest(tmp_path, keep):
    run = Run(tmp_path, max_keep_ckpts=keep, save_best=None)
    for step in (10, 20, 20, 30):
        run.save(step)
    names = {1: {'iter_30.pth'}, 2: {'iter_20.pth', 'iter_30.pth'}}
    assert checkpoints(tmp_path) == names[keep] | {LAST}
    assert last(tmp_path) == 'iter_30.pth'
    assert run.hub.get_info('keep_ckpt_ids') == {1: [30], 2: [20, 30]}[keep]


def test_one_name_for_all_is_refused():
    for name in ('latest.pth', 'a/iter_{}.pth'):
        with pytest.raises(ValueError, match=f"filename_tmpl='{name}': give"):
            SafeCheckpointHook(filename_tmpl=name)


def reference(folder, steps=5, **options):
    """A run that nothing interrupts; scores rise and fall."""
    go_on(Run(folder, **options), 0, steps)
    return checkpoints(folder)


SCORES = {1: 0.1, 2: 0.5, 3: 0.3, 4: 0.7, 5: 0.6}


def go_on(run, done, steps=5):
    for step in range(done + 1, steps + 1):
        run.save(step)
        run.validate(mIoU=SCORES[step], aAcc=1 - SCORES[step])
    run.end()


def resume(folder, **options):
    """As a tool does: from the last one, and validate that first."""
    try:
        path = folder / last(folder)
    except FileNotFoundError:
        return go_on(Run(folder, **options), 0)
    run = Run(folder, path, **options)
    done = run.runner.iter
    run.validate(mIoU=SCORES[done], aAcc=1 - SCORES[done])
    return go_on(run, done)


@pytest.mark.parametrize(
    ('keep', 'save_best'), [(1, 'mIoU'), (2, ['mIoU', 'aAcc']), (-1, 'auto')]
)
def test_killed_at_every_step_of_every_save(
    tmp_path, monkeypatch, keep, save_best
):
    """Rename, write and delete: the process dies before the n-th of them."""
    options = dict(max_keep_ckpts=keep, save_best=save_best)
    monkeypatch.setattr('os.fsync', lambda _: None)  # not to wait for it
    expected = reference(tmp_path / 'whole', **options)
    tried = 0
    for moment in range(1000):
        folder = tmp_path / str(moment)
        with monkeypatch.context() as patch:
            count = iter(range(1000))
            for name in ('os.replace', 'os.unlink', 'os.fsync'):
                die_at(patch, name, moment, count)
            try:
                reference(folder, **options)
            except Killed:
                tried += 1
            else:
                break
        left = checkpoints(folder)
        check_alive(folder, left)
        resume(folder, **options)
        assert checkpoints(folder) == expected, (moment, left)
        assert last(folder) == last(tmp_path / 'whole')
        shutil.rmtree(folder)
    assert tried >= 30


def die_at(patch, name, moment, count):
    function = {'os.replace': os.replace, 'os.unlink': os.unlink}.get(name)

    def dying(*args):
        if next(count) == moment:
            raise Killed
        if function is not None:
            function(*args)

    patch.setattr(name, dying)


def die(*args, **kwargs):
    raise Killed


def check_alive(folder, names):
    """What was said to be there is there."""
    if LAST in names:
        info = json.loads((folder / last(folder)).read_text())
        best = info.get('best_ckpt') or info.get('best_ckpt_mIoU')
        assert best is None or best.split('/')[-1] in names


def test_a_best_is_there_once_one_was_announced(tmp_path, monkeypatch):
    run = Run(tmp_path).save(1).validate(mIoU=0.1).save(2)
    monkeypatch.setattr('os.fsync', die)
    with pytest.raises(Killed):
        run.validate(mIoU=0.5)
    assert 'best_mIoU_iter_1.pth' in checkpoints(tmp_path)
    monkeypatch.undo()
    resume(tmp_path)
    assert checkpoints(tmp_path) == {
        LAST,
        'iter_5.pth',
        'best_mIoU_iter_4.pth',
    }


def test_the_replayed_run_may_find_another_best(tmp_path, monkeypatch):
    """On a GPU it is not the same to the bit: nothing is left all the same."""
    options = dict(max_keep_ckpts=1)
    run = Run(tmp_path, **options).save(10).validate(mIoU=0.1)
    run.runner.iter = 13  # validates more often than it saves
    monkeypatch.setattr(run.hook, '_save_checkpoint_with_step', die)
    with pytest.raises(Killed):
        run.validate(mIoU=0.5)
    bests = {'best_mIoU_iter_10.pth', 'best_mIoU_iter_13.pth'}
    assert bests < checkpoints(tmp_path)
    run = Run(tmp_path, tmp_path / 'iter_10.pth', **options)
    run.runner.iter = 13
    run.validate(mIoU=0.05)
    assert bests < checkpoints(tmp_path)
    run.save(20)
    expected = {LAST, 'iter_20.pth', 'best_mIoU_iter_10.pth'}
    assert checkpoints(tmp_path) == expected


@pytest.mark.parametrize(
    'name', ['/abs/victim.pth', '../victim.pth', 'link', 'own', 7, None]
)
def test_a_checkpoint_cannot_name_what_is_deleted(tmp_path, caplog, name):
    """By `best_ckpt`, `last_ckpt`, `keep_ckpt_ids` or `extra_ckpt`."""
    folder, victim = tmp_path / 'run', tmp_path / 'victim.pth'
    folder.mkdir()
    victim.write_text('precious')
    (folder / 'own.pth').write_text('precious too')
    link = folder / 'best_mIoU_iter_8.pth'
    link.symlink_to(victim)
    named = {'/abs/victim.pth': str(victim), 'link': str(link)}.get(name, name)
    if name == 'own':
        named = str(folder / 'own.pth')
    evil = tmp_path / 'evil.pth'
    evil.write_text('{"iter": 3}')
    info = dict(best_ckpt=named, last_ckpt=named, best_score=0.2)
    info |= dict(keep_ckpt_ids=[named, '../victim', True], extra_ckpt=named)
    run = Run(folder, evil, info).save(4).validate(mIoU=0.9)
    run.save(5).validate(mIoU=0.95).end()
    assert victim.read_text() == 'precious'
    assert (folder / 'own.pth').read_text() == 'precious too'
    assert link.is_symlink()
    expected = {'own.pth', link.name, LAST, 'iter_5.pth'}
    assert checkpoints(folder) == expected | {'best_mIoU_iter_5.pth'}
    if name not in (7, None):
        assert f'names {named!r} as the best: no file of this' in caplog.text


def test_a_copied_run_goes_on_and_the_old_folder_stays(tmp_path):
    old, new = tmp_path / 'old', tmp_path / 'new'
    Run(old).save(1).validate(mIoU=0.5).end()
    before = {p.name: p.read_bytes() for p in old.iterdir()}
    shutil.copytree(old, new)
    run = Run(new, new / 'iter_1.pth')
    run.save(2).validate(mIoU=0.4)  # worse than the one that came along
    names = {LAST, 'iter_2.pth', 'best_mIoU_iter_1.pth'}
    assert checkpoints(new) == names
    run.save(3).validate(mIoU=0.6).end()
    assert checkpoints(new) == {LAST, 'iter_3.pth', 'best_mIoU_iter_3.pth'}
    assert {p.name: p.read_bytes() for p in old.iterdir()} == before


def test_elsewhere_the_best_is_counted_anew(tmp_path):
    """Else the new folder would have none, as none is better."""
    Run(tmp_path / 'old').save(1).validate(mIoU=0.5).end()
    run = Run(tmp_path / 'new', tmp_path / 'old/iter_1.pth')
    run.save(2).validate(mIoU=0.4)
    assert 'best_mIoU_iter_2.pth' in checkpoints(tmp_path / 'new')


def test_a_score_of_another_metric_does_not_count(tmp_path):
    Run(tmp_path).save(1).validate(mIoU=90.0).end()
    run = Run(tmp_path, tmp_path / 'iter_1.pth', save_best='aAcc')
    run.save(2).validate(aAcc=0.9).end()
    best = {'best_mIoU_iter_1.pth', 'best_aAcc_iter_2.pth'}
    assert checkpoints(tmp_path) == best | {LAST, 'iter_2.pth'}


def test_a_metric_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"save_best='mIoU'.*gives aAcc, mA"):
        Run(tmp_path).validate(aAcc=1.0, mAcc=1.0)


@pytest.mark.parametrize('keep', [1, 3, -1])
def test_saved_out_of_turn_and_gone_with_the_next(tmp_path, keep):
    options = dict(max_keep_ckpts=keep, save_best=None)
    steps = {1: [40], 3: [20, 30, 40], -1: [10, 20, 30, 40]}[keep]
    run = Run(tmp_path, **options).save(10).save(20).save(30)
    for extra in (33, 33, 36):
        run.hook.save_extra(run.runner, extra)
        names = checkpoints(tmp_path)
        assert last(tmp_path) == f'iter_{extra}.pth'
        assert keep < 0 or len(names - {LAST}) == keep
        run = Run(tmp_path, tmp_path / last(tmp_path), **options)
    run.save(40).end()
    assert checkpoints(tmp_path) == {f'iter_{s}.pth' for s in steps} | {LAST}


def test_leftovers_are_swept_and_a_users_own_files_are_not(tmp_path):
    ours = ('iter_3.pth.0.tmp', 'last_checkpoint.node7-812-1.tmp')
    ours += ('best_mIoU_iter_3.pth.h-99-0.tmp',)
    users = ('notes.tmp', 'iter_x.pth.0.tmp', 'iter_3.pth', 'iter_4.bak.pth')
    logs = tmp_path / '20260101_000000' / 'vis_data'
    logs.mkdir(parents=True)
    host = checkpoint_hook.write_atomically.__globals__['HOST']
    (logs / f'a.png.{host}-999999999-0.tmp').touch()
    living = logs / f'b.png.{host}-{os.getpid()}-0.tmp'
    for path in (living, *(tmp_path / name for name in (*ours, *users))):
        path.touch()
    Run(tmp_path).save(5).end()
    assert list(logs.iterdir()) == [living]
    expected = {*users, logs.parent.name, 'iter_5.pth', LAST}
    assert checkpoints(tmp_path) == expected


def test_a_damaged_journal_says_nothing(tmp_path):
    for text in ('{', '[]', '{"writing": 3, "outdated": ["../a", 5]}', '\x80'):
        (tmp_path / 'checkpoint_journal.json').write_text(text)
        Run(tmp_path).save(5).end()
        assert checkpoints(tmp_path) == {'iter_5.pth', LAST}
