"""Predictions that are asked for: one at a time, and told as they go on."""

import asyncio
import json
import logging
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ..prediction.model import Model
from .predicting import BadPictureError, predict_file
from .results import Results

MOST_WAITING = 20
LOG = logging.getLogger('xnet_mm.app')


class Jobs:
    """One model for many people, each in turn.

    Args:
        model: see `xnet_mm.load`.
        folder: for uploads, until they are predicted, and for the archives.
        results: where predictions are kept.
    """

    def __init__(self, model: Model, folder: Path, results: Results) -> None:
        self.model, self.folder, self.results = model, folder, results
        self._turn = asyncio.Lock()  # it serves in order
        self._busy = 0  # who is served or waits

    @property
    def is_full(self) -> bool:
        """Whether one more would have to wait too long."""
        return self._busy > MOST_WAITING

    def new_place(self) -> Path:
        """A folder for one upload; `Job` or the caller removes it."""
        place = self.folder / secrets.token_hex(8)
        place.mkdir()
        return place

    async def run(self, path: Path, place: Path) -> AsyncIterator[str]:
        """Predict a picture: lines of JSON.

        Each has a `state`: waiting, predicting, then done or failed.

        Args:
            path: of the picture.
            place: of `new_place`.
        """
        archive = self.folder / f'{place.name}.zip'
        self._busy += 1
        try:
            if self._busy > 1:
                yield _line('waiting', ahead=self._busy - 1)
            async with self._turn:
                yield _line('predicting')
                result = await run_in_threadpool(
                    predict_file, self.model, path, archive
                )
            key = self.results.add(result)
            facts = result.view.describe()
            yield _line('done', key=key, name=result.name, **facts)
        except BadPictureError as error:
            archive.unlink(missing_ok=True)
            yield _line('failed', message=str(error))
        except Exception as error:
            archive.unlink(missing_ok=True)
            LOG.exception('%s was not predicted', path.name)
            message = (
                f'{path.name}: the program failed ({type(error).__name__}: '
                f'{error}). The terminal that it runs in shows where'
            )
            yield _line('failed', message=message)
        finally:
            self._busy -= 1


class Job(StreamingResponse):
    """The lines of `Jobs.run`, after which the upload is deleted.

    Args:
        jobs: see above.
        path: of the picture.
        place: of `Jobs.new_place`.
    """

    def __init__(self, jobs: Jobs, path: Path, place: Path) -> None:
        lines = jobs.run(path, place)
        super().__init__(lines, media_type='application/x-ndjson')
        self.place = place

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer; also where the asker has gone away."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            remove(self.place)


def remove(place: Path) -> None:
    """Delete an upload."""
    shutil.rmtree(place, ignore_errors=True)


def _line(state: str, **more: Any) -> str:
    return json.dumps(dict(state=state, **more)) + '\n'
