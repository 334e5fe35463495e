"""What resuming needs: the file that says where, and all states in one."""

import re
from pathlib import Path
from typing import Any


def last_checkpoint(work_dir: str | Path) -> str | None:
    """The path that `last_checkpoint` of a work dir names.

    In a folder that was moved or copied, that is a file of the old place:
    the one of its name in this folder is meant.

    Returns:
        The path; None if there is no such file, and so nothing to resume.

    Raises:
        ValueError: it is empty, damaged, or names a file that is not there.
    """
    pointer = Path(work_dir) / 'last_checkpoint'
    if not pointer.exists():
        return None
    there = sorted(p.name for p in Path(work_dir).glob('*.pth'))
    help_text = (
        f'The folder holds {", ".join(there[-4:]) or "no checkpoint"}: resume '
        f'from one by `--resume {work_dir}/NAME.pth`, or delete '
        f'{pointer} to start afresh.'
    )
    try:
        path = pointer.read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f'{pointer} cannot be read ({error}), wanted the path of a '
            f'checkpoint. {help_text}'
        ) from error
    if not path:
        raise ValueError(
            f'{pointer} is empty, wanted the path of a checkpoint. {help_text}'
        )
    beside = pointer.absolute().parent / re.split(r'[/\\]', path)[-1]
    if '://' in path:
        return path
    if _is_file(str(beside)):
        return str(beside)
    if not _is_file(path):
        raise ValueError(
            f'{pointer} names {path!r:.200}, and there is no such file. Was '
            f'the folder moved? {help_text}'
        )
    return path


def _is_file(path: str) -> bool:
    try:
        return Path(path).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # no name at all
        return False


def check_resumable(
    checkpoint: dict, source: str, has_schedulers: bool
) -> None:
    """Refuse what MMEngine would resume in part, or stumble over.

    Args:
        checkpoint: As the reader gave it.
        source: Its path, for the error.
        has_schedulers: Whether the run has schedules of the learning rate.

    Raises:
        ValueError: names what is missing or wrong.
    """
    wrong = list(_wrong_parts(checkpoint, has_schedulers))
    if wrong:
        raise ValueError(
            f'{source} cannot be resumed: {"; ".join(wrong)}. Resuming wants '
            'a checkpoint with all states of a training (iter_N.pth). To '
            'start a new training from these weights, set load_from and leave '
            'resume out.'
        )


def _wrong_parts(checkpoint: dict, has_schedulers: bool) -> Any:
    wanted: dict[str, type | tuple[type, ...]] = dict(
        meta=dict, optimizer=dict, message_hub=dict
    )
    if has_schedulers:
        wanted['param_schedulers'] = (list, dict)
    absent = [key for key in wanted if key not in checkpoint]
    if absent:
        yield f'it has no {", ".join(absent)}'
    for key, kind in wanted.items():
        if key in checkpoint and not isinstance(checkpoint[key], kind):
            yield f'its {key} is of type {type(checkpoint[key]).__name__}'
            return
    meta = checkpoint.get('meta') or {}
    for key in ('epoch', 'iter'):
        value = meta.get(key)
        if 'meta' in checkpoint and (type(value) is not int or value < 0):
            yield f"its meta['{key}'] is {value!r:.40}, wanted a number"
    if not isinstance(meta.get('seed'), int | None):
        yield f"its meta['seed'] is {meta['seed']!r:.40}, wanted a number"
    hub = checkpoint.get('message_hub', {})
    for key in ('log_scalars', 'runtime_info', 'resumed_keys'):
        if 'message_hub' in checkpoint and not isinstance(hub.get(key), dict):
            yield f"its message_hub['{key}'] is no dict"
    # Numbers in names of files, which are deleted when they are outdated.
    kept = (hub.get('runtime_info') or {}).get('keep_ckpt_ids') or []
    if not isinstance(kept, list) or any(type(n) is not int for n in kept):
        yield f'its keep_ckpt_ids are {kept!r:.60}, wanted numbers'
    optimizer = checkpoint.get('optimizer', {})
    groups = [optimizer, *optimizer.values()]
    if 'optimizer' in checkpoint and not any(
        isinstance(g, dict) and 'param_groups' in g for g in groups
    ):
        yield 'its optimizer has no param_groups'
