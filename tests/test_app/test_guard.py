"""By which name it may be asked, and what every answer carries."""

import pytest
from app_site import ask, running

pytest.importorskip('starlette', reason="extra 'app'")

from starlette.responses import PlainTextResponse

from xnet_mm.app.guard import HEADERS, LOOPBACK, Guard, name_of

HELLO = PlainTextResponse('hello', headers={'Cache-Control': 'public'})


@pytest.mark.parametrize(
    ('host', 'name'),
    [
        ('127.0.0.1:7860', '127.0.0.1'),
        ('LocalHost', 'localhost'),
        ('[::1]:80', '[::1]'),
        ('[::1]', '[::1]'),
        ('', ''),
    ],
)
def test_name_of(host, name):
    assert name_of(host) == name


def test_another_name_is_refused():
    with running(Guard(HELLO, LOOPBACK)) as address:
        status, headers, told = ask(address, headers={'Host': 'evil.example'})
        assert status == 421 and b'answers to 127.0.0.1 and' in told
        assert headers['X-Content-Type-Options'] == 'nosniff'
        port = address.rpartition(':')[2]
        status, headers, told = ask(
            address, headers={'Host': f'localhost:{port}'}
        )
        assert (status, told) == (200, b'hello')
        for key, value in HEADERS.items():
            assert headers.get_all(key) == [value]
    with running(Guard(HELLO, None)) as address:
        assert ask(address, headers={'Host': 'any.example'})[0] == 200


def test_nothing_of_elsewhere_is_allowed():
    policy = HEADERS['Content-Security-Policy']
    assert policy.startswith("default-src 'self';")
    assert '//' not in policy and '*' not in policy
    assert 'unsafe' not in policy
