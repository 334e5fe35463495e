"""The application behind the page: what it answers to which address."""

from pathlib import Path

import cv2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..prediction.model import Model
from .answers import Answers, jpeg, refusal
from .examples import find_examples
from .facts import describe_model
from .guard import Guard
from .jobs import Job, Jobs, remove
from .results import Results
from .uploads import LARGEST, receive, safe_name

PAGE = Path(__file__).resolve().parent / 'page'
THUMBNAIL = 160  # pixels, the height of an example
# Scripts of the page set it. For those of others a browser asks first
# whether they may, and nothing here says yes.
NAME = 'x-picture-name'


class Site:
    """What the page asks, for one model and any number of people.

    A prediction has a name that only who asked for it is told; without it
    nobody sees what others gave.

    Args:
        model: see `xnet_mm.load`.
        folder: for uploads, until they are predicted, and for the archives.
        largest: bytes of an upload.
    """

    def __init__(
        self, model: Model, folder: Path, largest: int = LARGEST
    ) -> None:
        self.model, self.largest = model, largest
        self.examples = find_examples(model.cfg)
        results = Results()
        self.jobs, self.answers = (
            Jobs(model, folder, results),
            Answers(results),
        )

    def app(self, hosts: frozenset[str] | None) -> ASGIApp:
        """The application.

        Args:
            hosts: names that it is asked by, see `Guard`.
        """
        routes = [
            Route('/', self.page),
            Route('/model', self.facts),
            Route('/examples/{number:int}', self.example),
            Route('/predictions', self.predict, methods=['POST']),
            *self.answers.routes(),
            Mount('/page', StaticFiles(directory=PAGE)),
        ]
        return Guard(Starlette(routes=routes), hosts)

    async def page(self, request: Request) -> Response:
        """The page itself."""
        return FileResponse(PAGE / 'index.html')

    async def facts(self, request: Request) -> Response:
        """What the page has to know of the model."""
        told = describe_model(self.model, self.examples, self.largest)
        return JSONResponse(told)

    async def example(self, request: Request) -> Response:
        """An example, small."""
        path = self._example(str(request.path_params['number']))
        if path is None:
            return refusal('There is no such example', 404)
        try:
            content = await run_in_threadpool(self._thumbnail, path)
        except (OSError, ValueError):
            return refusal(f'{path.name} cannot be read', 404)
        return Response(content, media_type='image/jpeg')

    async def predict(self, request: Request) -> Response:
        """Predict what is sent, or an example: the lines of `Jobs.run`."""
        if NAME not in request.headers:
            return refusal(f'Wanted a picture, and its name in {NAME}', 400)
        if self.jobs.is_full:
            return refusal('Too many are waiting. Try again in a while', 503)
        number = request.query_params.get('example')
        if number is not None:
            path = self._example(number)
            if path is None:
                return refusal('There is no such example', 404)
            return Job(self.jobs, path, self.jobs.new_place())
        place = self.jobs.new_place()
        path = place / safe_name(request.headers[NAME])
        try:
            await receive(request.stream(), path, self.largest)
        except ValueError as error:
            remove(place)
            return refusal(str(error), 413)
        except BaseException:  # it was broken off
            remove(place)
            raise
        return Job(self.jobs, path, place)

    def _example(self, number: str) -> Path | None:
        if number.isdecimal() and int(number) < len(self.examples):
            return self.examples[int(number)]
        return None

    def _thumbnail(self, path: Path) -> bytes:
        image = self.model.predictor.pipeline.picture(path)[..., ::-1]
        height, width = image.shape[:2]
        size = max(1, round(width * THUMBNAIL / height)), THUMBNAIL
        return jpeg(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
