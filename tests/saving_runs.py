"""A run that saves and nothing else, killed and resumed at chosen moments."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

from mmengine.fileio import get_file_backend
from mmengine.logging import MessageHub

from xnet_mm.engine import SafeCheckpointHook

_COUNT = iter(range(10**9))


class Killed(BaseException):
    pass


class Run:
    """Checkpoints hold the message hub's information and no weights.

    Args:
        folder: The work dir.
        resume: A checkpoint of an earlier run.
        info: What that checkpoint says instead.
        **options: Of the hook.
    """

    def __init__(self, folder, resume=None, info=None, **options):
        self.folder = Path(folder)
        options.setdefault('max_keep_ckpts', 1)
        options.setdefault('save_best', 'mIoU')
        self.hook = SafeCheckpointHook(by_epoch=False, **options)
        self.hub = MessageHub.get_instance(f'saving-{next(_COUNT)}')
        self.runner = SimpleNamespace(
            work_dir=str(folder),
            message_hub=self.hub,
            save_checkpoint=self.save_checkpoint,
            logger=logging.getLogger('saving'),
            iter=0,
            epoch=0,
        )
        if resume is not None:
            content = json.loads(Path(resume).read_text())
            self.runner.iter = content.pop('iter')
            for key, value in {**content, **(info or {})}.items():
                self.hub.update_info(key, value)
        self.hook.before_train(self.runner)

    def save_checkpoint(self, out_dir, filename, backend_args, meta, **_):
        path = f'{out_dir}/{filename}'
        content = {**self.hub.runtime_info, 'iter': meta['iter']}
        data = json.dumps(content).encode()
        get_file_backend(path, backend_args=backend_args).put(data, path)

    def save(self, step):
        """Train to `step`, and save there."""
        self.hook._save_checkpoint_with_step(
            self.runner, step, dict(iter=step, epoch=0)
        )
        self.runner.iter = step
        return self

    def validate(self, **metrics):
        self.hook.after_val_epoch(self.runner, metrics)
        return self

    def end(self):
        self.hook.after_train(self.runner)


def checkpoints(folder):
    """Names in it, without the lock."""
    return {p.name for p in Path(folder).iterdir()} - {'train.lock'}


def last(folder):
    return Path(folder, 'last_checkpoint').read_text().split('/')[-1]
