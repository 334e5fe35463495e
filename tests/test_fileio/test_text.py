"""Text files as editors of all systems save them."""

import pytest

from xnet_mm.fileio.text import read_lines, read_text

LINES = ['straße/ä.png a.png', 'b.png']


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / 'list.txt'
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig'])
@pytest.mark.parametrize('end', ['\n', '\r\n', ' \t\r\n', '\n\n'])
def test_line_ends_blanks_and_marks(write, encoding, end):
    path = write(end.join([*LINES, '']).encode(encoding))
    assert read_lines(path) == LINES
    assert read_text(path)[0] == 's'


@pytest.mark.parametrize(
    ('encoding', 'text'),
    [
        ('utf-16', 'in UTF-16; save it as UTF-8'),
        ('utf-32', 'in UTF-32; save it as UTF-8'),
        ('latin-1', r'in UTF-8 \(invalid .* at byte 4\); save it as UTF-8'),
        ('cp1252', 'save it as UTF-8'),
    ],
)
def test_other_encodings(write, encoding, text):
    with pytest.raises(ValueError, match=rf'list\.txt: .*{text}'):
        read_text(write('\n'.join(LINES).encode(encoding)))


@pytest.mark.parametrize('encoding', ['utf-16-le', 'utf-16-be'])
def test_utf_16_without_a_mark(write, encoding):
    with pytest.raises(ValueError, match=r'list\.txt: .*UTF-16; save it as'):
        read_text(write('a.png\nb.png\n'.encode(encoding)))


def test_no_text(write, tmp_path):
    with pytest.raises(ValueError, match=r'list\.txt: not a text file'):
        read_text(write(b'\x89PNG\r\n\x1a\n\0\0\0'))
    with pytest.raises(ValueError, match='a folder, wanted a file'):
        read_text(tmp_path)
    with pytest.raises(FileNotFoundError, match=r'no\.txt: no such file'):
        read_text(tmp_path / 'no.txt')
    assert read_lines(write(b'')) == []
