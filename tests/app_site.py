"""The page's application behind a real server, and a client of it."""

import json
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import quote


@contextmanager
def running(app):
    """Serve an ASGI application on a free port; its address."""
    import uvicorn

    from xnet_mm.app.serve import listen

    listening = listen('127.0.0.1', None)
    config = uvicorn.Config(app, log_level='warning', lifespan='off')
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs=dict(sockets=[listening])
    )
    thread.start()
    try:
        yield f'http://127.0.0.1:{listening.getsockname()[1]}'
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def running_site(model, folder, **options):
    """The page of a model; its address and the `Site`."""
    from xnet_mm.app.guard import LOOPBACK
    from xnet_mm.app.site import Site

    site = Site(model, folder, **options)
    with running(site.app(LOOPBACK)) as address:
        yield address, site


def ask(address, **options):
    """(status, headers, bytes) of an answer; refusals too."""
    request = urllib.request.Request(address, **options)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def give(address, name, content):
    """Upload a picture; the status and what is told, line by line.

    A refusal is told as text.
    """
    status, _, told = ask(
        f'{address}/predictions',
        data=content,
        headers={'X-Picture-Name': quote(name)},
        method='POST',
    )
    if status != 200:
        return status, told.decode()
    return status, [json.loads(line) for line in told.splitlines()]
