"""Names and sizes of what a browser sends."""

import asyncio

import pytest

from xnet_mm.app.uploads import receive, safe_name


@pytest.mark.parametrize(
    ('told', 'name'),
    [
        ('a.jpg', 'a.jpg'),
        ('../../etc/passwd', 'passwd'),
        ('C:\\Users\\me\\b%20c.PNG', 'b c.PNG'),
        ('%2e%2e%2fx.png', 'x.png'),
        ('..', 'picture'),
        ('', 'picture'),
        ('.png', 'png'),
        ('a\0b\n"<c>.tif', 'a_b___c_.tif'),
        ('Stra%C3%9Fe.jpg', 'Straße.jpg'),
        ('no suffix', 'no suffix'),
        ('a.verylong', 'a.verylong'),
    ],
)
def test_safe_name(told, name):
    assert safe_name(told) == name


def test_a_long_name_is_cut_and_keeps_its_suffix():
    name = safe_name('%C3%9F' * 300 + '.jpeg')
    assert name == 'ß' * 50 + '.jpeg'


def send(path, *chunks, **options):
    async def sent():
        for chunk in chunks:
            yield chunk

    asyncio.run(receive(sent(), path, **options))


def test_what_is_sent_is_written(tmp_path):
    send(tmp_path / 'a.png', b'ab', b'', b'cd', largest=4)
    assert (tmp_path / 'a.png').read_bytes() == b'abcd'


def test_too_large(tmp_path):
    with pytest.raises(ValueError, match=r'^a\.png is larger than 1 MB, the'):
        send(tmp_path / 'a.png', b'x' * 2**20, b'x', largest=2**20)


def test_empty(tmp_path):
    with pytest.raises(ValueError, match=r'^a\.png is empty, wanted a pict'):
        send(tmp_path / 'a.png')
