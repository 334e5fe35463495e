"""The Python examples of README.md and of docs/, as a reader copies them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def example_with(word: str) -> str:
    """The one fenced Python example that contains `word`."""
    pages = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
    (example,) = [
        block
        for page in pages
        for block in re.findall(r'```python\n(.*?)```', page.read_text(), re.S)
        if word in block
    ]
    return example
