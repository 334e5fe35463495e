"""What the page asks about a prediction that was made."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from .results import Result, Results
from .view import View

QUALITY = 92  # of JPEG
BYTES = {'Content-Type': 'application/octet-stream'}
GONE = 'This prediction is not kept any more. Give the picture once more'


def refusal(text: str, status: int) -> Response:
    """A sentence that the page shows."""
    return PlainTextResponse(text, status_code=status)


class Answers:
    """Images, maps, points and files of predictions, by their names.

    Args:
        results: where they are kept.
    """

    def __init__(self, results: Results) -> None:
        self.results = results

    def routes(self) -> list[Route]:
        """Addresses and who answers."""
        one = '/predictions/{key}'
        return [
            Route(f'{one}/image', self.image),
            Route(f'{one}/maps/{{kind}}', self.map),
            Route(f'{one}/points', self.points),
            Route(f'{one}/cloud.ply', self.cloud),
            Route(f'{one}/files.zip', self.files),
        ]

    async def image(self, request: Request) -> Response:
        """The image as it is shown, a JPEG."""
        return await self._make(
            request,
            lambda view: jpeg(view.image),
            {'Content-Type': 'image/jpeg'},
        )

    async def map(self, request: Request) -> Response:
        """The numbers of labels, confidence or depth: see `View`."""
        kind = request.path_params['kind']
        if kind not in ('labels', 'confidence', 'depth'):
            return refusal('Wanted labels, confidence or depth', 404)

        def numbers(view: View) -> bytes:
            found = getattr(view, kind)
            if found is None:
                raise ValueError(f'This model gives no {kind}')
            return found.tobytes()

        return await self._make(request, numbers)

    async def points(self, request: Request) -> Response:
        """The point cloud for the screen: `View.points`."""
        return await self._make(
            request, lambda view: view.points(angle_of(request))
        )

    async def cloud(self, request: Request) -> Response:
        """The point cloud as a file: `View.ply`."""
        return await self._make(
            request,
            lambda view: view.ply(angle_of(request)),
            {**BYTES, 'Content-Disposition': 'attachment; filename=cloud.ply'},
        )

    async def files(self, request: Request) -> Response:
        """The zip of what `Prediction.save` writes."""
        try:
            result = self._result(request)
        except KeyError:
            return refusal(GONE, 404)
        return FileResponse(result.archive, filename=f'{result.name}.zip')

    async def _make(
        self,
        request: Request,
        make: Callable[[View], bytes],
        headers: Mapping[str, str] = BYTES,
    ) -> Response:
        try:
            view = self._result(request).view
            content = await run_in_threadpool(make, view)
        except KeyError:
            return refusal(GONE, 404)
        except ValueError as error:
            return refusal(str(error), 400)
        return Response(content, headers=headers)

    def _result(self, request: Request) -> Result:
        return self.results.get(request.path_params['key'])


def angle_of(request: Request) -> float:
    """The camera's angle that is asked for, degrees.

    Raises:
        ValueError: no number.
    """
    text = request.query_params.get('angle', '')
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f'The view angle is {text!r}, wanted degrees'
        ) from None


def jpeg(image: np.ndarray) -> bytes:
    """An (H, W, 3) RGB image as a file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return cv2.imencode('.jpg', image[..., ::-1], options)[1].tobytes()
