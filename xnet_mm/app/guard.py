"""Who may ask, and what a page may load: a layer around the application."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({'127.0.0.1', 'localhost', '[::1]'})
HEADERS = {
    # Nothing of another address, nor anything within the page's text.
    'Content-Security-Policy': "default-src 'self'; img-src 'self' blob: "
    "data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
}


class Guard:
    """Refuses names that are not this machine's, and seals each answer.

    A page elsewhere can make a browser ask 127.0.0.1 under a name of its own
    (DNS rebinding), and would read the answer.

    Args:
        app: what is guarded.
        hosts: the names that this is asked by; None for any.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer, or refuse to."""
        if scope['type'] != 'http':
            return

        async def seal(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                for key, value in HEADERS.items():
                    headers[key] = value
            await send(message)

        host = name_of(Headers(scope=scope).get('host', ''))
        if self.hosts is None or host in self.hosts:
            await self.app(scope, receive, seal)
            return
        told = PlainTextResponse(
            f'This page answers to {" and ".join(sorted(self.hosts))}, not '
            'to the name that it was asked by. Open the address that it '
            'printed.\n',
            status_code=421,
        )
        await told(scope, receive, seal)


def name_of(host: str) -> str:
    """The name in a `Host` header, without the port."""
    return re.sub(r':\d*$', '', host).lower()
