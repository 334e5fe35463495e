"""Where the page is to be found: address, port, and the way to its end."""

import errno
import ipaddress
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import FrameType

import uvicorn

from ..prediction.model import Model
from .guard import LOOPBACK
from .site import Site

FIRST_PORT, TRIES = 7860, 100
TERMINATED = 128 + 15  # as a shell counts signals
PATIENCE = 3  # seconds for answers that are on their way at the end


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens.

    Args:
        host: name or address of this machine.
        port: its number; by default the first free one from 7860 on.

    Raises:
        ValueError: no such address here, or the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ValueError(
            f'--host {host}: no address of this machine ({error}). Wanted '
            '127.0.0.1, 0.0.0.0 for all of its addresses, or one of them'
        ) from None
    family, _, _, _, address = found[0]
    first = FIRST_PORT if port is None else port
    for number in range(first, first + (TRIES if port is None else 1)):
        made = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != 'win32':  # there it takes a port from others
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((address[0], number, *address[2:]))
            made.listen(128)
        except OSError as error:
            made.close()
            if error.errno == errno.EADDRINUSE:
                continue
            if error.errno in (errno.EACCES, errno.EPERM):
                raise ValueError(
                    f'--port {number}: only an administrator may listen '
                    'there. Leave --port out, or take one above 1023'
                ) from None
            raise ValueError(
                f'--host {host}: {error.strerror}. Wanted 127.0.0.1, 0.0.0.0 '
                "for all of this machine's addresses, or one of them"
            ) from None
        return made
    if port is not None:
        raise ValueError(
            f'--port {port}: another program listens there. Give another '
            'one, or leave --port out for the first that is free'
        )
    raise ValueError(
        f'no free port from {FIRST_PORT} to {FIRST_PORT + TRIES - 1}; give '
        'one by --port'
    )


def serve(model: Model, listening: socket.socket) -> None:
    """Answer until Ctrl-C, which is a KeyboardInterrupt.

    Args:
        model: see `xnet_mm.load`.
        listening: see `listen`.
    """
    address, number = listening.getsockname()[:2]
    is_private = ipaddress.ip_address(address).is_loopback
    name = f'[{address}]' if ':' in address else address
    hosts = LOOPBACK | {name} if is_private else None
    if not is_private:
        print(
            f'Warning: who reaches {name} can use this model. There is no '
            'password and no encryption'
        )
    with tempfile.TemporaryDirectory(prefix='xnet_mm-app-') as folder:
        config = uvicorn.Config(
            Site(model, Path(folder)).app(hosts),
            log_level='warning',
            access_log=False,
            server_header=False,
            lifespan='off',
            ws='none',
            timeout_graceful_shutdown=PATIENCE,
        )
        # uvicorn puts it back at its end, and raises the signal once more.
        signal.signal(signal.SIGTERM, _terminate)
        print(
            f'http://{name}:{number} shows the page. Ctrl-C ends it.',
            flush=True,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
