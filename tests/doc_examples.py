"""Examples in the pages, as a reader would paste them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def code_blocks(page, language='python'):
    """The fenced blocks of a page, whose path is below the repository."""
    text = (ROOT / page).read_text()
    return [block for name, block in BLOCK.findall(text) if name == language]


def code_block(page, word, language='python'):
    """The one fenced block of a page that contains `word`."""
    blocks = [b for b in code_blocks(page, language) if word in b]
    assert len(blocks) == 1, f'{page}: {len(blocks)} blocks with {word!r}'
    return blocks[0]
