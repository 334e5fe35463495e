"""Which files a run may delete: its own, by their names, in its own folder.

A checkpoint says where its run kept others. The run's folder may have been
moved since, and the checkpoint may be a stranger's: nothing is deleted
because a checkpoint names it.
"""

import json
import os
import re
from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ..fileio.atomic import leftovers, write_atomically

LAST = 'last_checkpoint'  # MMEngine's file of the last checkpoint's path


class CheckpointFiles:
    """The checkpoints of a run in its folder.

    Args:
        folder: Where they lie.
        template: File name with `{}` for the iteration or epoch.
        keys: Metrics of the best ones; 'auto' is any.
    """

    JOURNAL = 'checkpoint_journal.json'

    def __init__(
        self, folder: str | Path, template: str, keys: Iterable[str]
    ) -> None:
        self.folder, self.template = Path(folder), template
        self.keys = list(keys)

    def name(self, step: int) -> str:
        """Of the checkpoint of `step`."""
        return self.template.format(step)

    def best_name(self, key: str, step: int) -> str:
        """Of the best checkpoint by the metric `key`."""
        return f'best_{key}_{self.name(step)}'.replace('/', '_')

    def step(self, name: str) -> int | None:
        """Iteration or epoch of the checkpoint `name`; None if not ours."""
        for digits in re.findall(r'\d{1,12}', name):
            if name == self.name(int(digits)):
                return int(digits)
        return None

    def best_step(self, name: str, key: str) -> int | None:
        """The same for the best checkpoint `name` of the metric `key`."""
        for digits in re.findall(r'\d{1,12}', name):
            tail = '_' + self.name(int(digits))
            fits = name == self.best_name(key, int(digits))
            if fits or (
                key == 'auto'
                and name.startswith('best_')
                and name.endswith(tail)
            ):
                return int(digits)
        return None

    def is_own(self, name: str) -> bool:
        """Whether a file of this name is the run's to delete."""
        return self.step(name) is not None or any(
            self.best_step(name, key) is not None for key in self.keys
        )

    def here(self, path: object, key: str | None = None) -> str | None:
        """Name of the file in this folder that a checkpoint means.

        Args:
            path: From a checkpoint: anything. A moved folder has the file
                under its base name.
            key: Metric, for a best checkpoint.

        Returns:
            None when it is no regular file of the run's own.
        """
        if not isinstance(path, str):
            return None
        name = re.split(r'[/\\]', path)[-1]
        step = self.step(name) if key is None else self.best_step(name, key)
        return name if step is not None and self._is_file(name) else None

    def _is_file(self, name: str) -> bool:
        path = self.folder / name
        return path.is_file() and not path.is_symlink()

    def steps(self, given: object) -> list[int]:
        """Those of `given`, from a checkpoint, whose checkpoint is here."""
        given = given if isinstance(given, list | tuple) else []
        whole = [step for step in given if type(step) is int]
        left_out = [x for x in given if x is not None and x not in whole]
        if left_out:
            print_log(
                f'The resumed checkpoint lists {left_out} among the kept '
                'ones: no number, left out.',
                logger='current',
            )
        return [step for step in whole if self._is_file(self.name(step))]

    def remove(self, names: Iterable[str]) -> None:
        """Delete those of `names` that are the run's own files."""
        for name in names:
            if self.is_own(name) and self._is_file(name):
                (self.folder / name).unlink()

    def write_journal(self, writing: list[str], outdated: list[str]) -> None:
        """Note what is about to be written, and what it makes outdated."""
        text = json.dumps(dict(writing=writing, outdated=outdated))
        write_atomically(self.folder / self.JOURNAL, text.encode())

    def end_journal(self) -> None:
        """All of it is done."""
        (self.folder / self.JOURNAL).unlink(missing_ok=True)

    def read_journal(self) -> tuple[list[str], list[str]]:
        """(written, outdated) of a run that was killed meanwhile."""
        try:
            content = json.loads((self.folder / self.JOURNAL).read_bytes())
            lists: list[Any] = [content['writing'], content['outdated']]
        except FileNotFoundError:
            return [], []
        except (ValueError, TypeError, KeyError) as error:
            path = self.folder / self.JOURNAL
            print_log(f'{path} says nothing: {error!r}', logger='current')
            return [], []
        writing, outdated = (
            [n for n in names if isinstance(n, str) and self.is_own(n)]
            if isinstance(names, list)
            else []
            for names in lists
        )
        return writing, outdated

    def finish(self, work_dir: str | Path, needed: set) -> list[str]:
        """Delete what the run that was killed here had left to delete.

        Args:
            work_dir: With `last_checkpoint`.
            needed: Names that must not go.

        Returns:
            Names of files that it wrote, and no checkpoint knows.
        """
        written, outdated = self.read_journal()
        try:
            named = (Path(work_dir) / LAST).read_text(errors='replace')
            last = os.path.basename(named.strip())
        except OSError:
            last = ''
        if last in written:  # it had come to deleting
            self.remove(set(outdated) - {*needed, last})
        return [name for name in written if name not in {*needed, last}]

    def drop(
        self, orphans: list[str], step: float, best: bool, needed: set
    ) -> list[str]:
        """Delete those of `orphans` that the run has passed.

        Args:
            orphans: From `finish`.
            step: Of the checkpoint that was just written.
            best: Whether there is a best one that a checkpoint knows.
            needed: Names that must not go.

        Returns:
            Those that stay, to be asked about again.
        """
        waiting = []
        for name in set(orphans) - needed:
            own = self.step(name)
            numbers = [own, *(self.best_step(name, k) for k in self.keys)]
            number = next((n for n in numbers if n is not None), inf)
            if number < step and (own is not None or best):
                self.remove([name])
            else:
                waiting.append(name)
        return waiting

    def sweep(self, folders: Iterable[str | Path]) -> None:
        """Delete what killed writers left of checkpoints and pictures.

        Args:
            folders: Work dir and folder of checkpoints, which nobody else
                writes to now; but a test may write its pictures.
        """
        for folder in {Path(folder).resolve() for folder in folders}:
            dead = [
                left.path
                for left in leftovers(folder)
                if left.name in (LAST, self.JOURNAL) or self.is_own(left.name)
            ]
            for logs in folder.glob('[0-9]*_[0-9]*'):  # MMEngine's log dirs
                found = leftovers(logs, deep=True)
                dead += [left.path for left in found if not left.alive]
            for path in dead:
                path.unlink(missing_ok=True)
            if dead:
                print_log(
                    f'{len(dead)} temporary files of a killed process '
                    f'deleted in {folder}',
                    logger='current',
                )
