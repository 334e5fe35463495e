"""No moment of a save loses the checkpoint before it."""

from collections import deque
from types import SimpleNamespace

import pytest
from mmengine.fileio import LocalBackend, get_file_backend
from mmengine.logging import MessageHub

from xnet_mm.engine import SafeCheckpointHook


class Killed(Exception):
    pass


def make(tmp_path, keep):
    """Hook and a runner of which it needs only these five things."""
    hook = SafeCheckpointHook(
        by_epoch=False, max_keep_ckpts=keep, out_dir=str(tmp_path)
    )
    hook.file_backend = LocalBackend()
    hook.keep_ckpt_ids = deque(maxlen=keep)

    def save_checkpoint(out_dir, filename, backend_args, **kwargs):
        path = f'{out_dir}/{filename}'
        get_file_backend(path, backend_args=backend_args).put(b'whole', path)

    runner = SimpleNamespace(
        work_dir=str(tmp_path),
        message_hub=MessageHub.get_instance(f'hub-{tmp_path}'),
        save_checkpoint=save_checkpoint,
    )
    return hook, runner


def state(folder):
    names = {p.name for p in folder.iterdir()}
    last = (folder / 'last_checkpoint').read_text()
    return names - {'last_checkpoint'}, last.removeprefix(f'{folder}/')


@pytest.mark.parametrize('keep', [1, 2])
def test_keeps_the_newest(tmp_path, keep):
    hook, runner = make(tmp_path, keep)
    for step in (10, 20, 20, 30):  # a new best saves its step again
        hook._save_checkpoint_with_step(runner, step, {})
    names = {1: {'iter_30.pth'}, 2: {'iter_20.pth', 'iter_30.pth'}}
    assert state(tmp_path) == (names[keep], 'iter_30.pth')
    kept = runner.message_hub.get_info('keep_ckpt_ids')
    assert kept == {1: [30], 2: [20, 30]}[keep]


def test_killed_while_writing_the_only_checkpoint(tmp_path, monkeypatch):
    hook, runner = make(tmp_path, keep=1)
    hook._save_checkpoint_with_step(runner, 10, {})

    def die(_):
        raise Killed

    monkeypatch.setattr('os.fsync', die)
    for step in (10, 20):  # over itself, and the next one
        with pytest.raises(Killed):
            hook._save_checkpoint_with_step(runner, step, {})
        names, last = state(tmp_path)
        assert last == 'iter_10.pth'
        assert 'iter_10.pth' in names
        assert 'iter_20.pth' not in names
        assert (tmp_path / 'iter_10.pth').read_bytes() == b'whole'
