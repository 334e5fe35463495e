"""Pages: links, anchors, paths and names exist; the picture is drawn."""

import importlib
import re
import subprocess
import sys
from collections import Counter

import cv2
import numpy as np
import pytest
from doc_examples import ROOT

from xnet_mm import registry

DOCS = sorted(ROOT.glob('docs/*.md'))
OURS = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *DOCS]
CONFIGS = sorted(ROOT.glob('configs/**/README.md'))
PAGES = [*OURS, ROOT / 'CHANGELOG.md', *CONFIGS]
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.DOTALL | re.MULTILINE)
name_of = dict(ids=lambda page: page.relative_to(ROOT).as_posix())
LINK = re.compile(r'\]\(([^)\s]+)\)|<img src="([^"]+)"')
SPAN = re.compile(r'`([^`]+)`')
FOLDERS = 'xnet_mm|tools|configs|tests|docs'
PATH = re.compile(rf'(?<![\w/.-])(?:{FOLDERS})/[\w./*{{}},-]*')
DOTTED = re.compile(r'(?<![\w/])xnet_mm(?:\.[A-Za-z_]\w*)+')
# A user's own, and what stands for any name.
MADE_UP = {'configs/mine/NAME.py', 'xnet_mm.NAME'}


def prose(page):
    """The text of a page without code."""
    return SPAN.sub('', BLOCK.sub('', page.read_text()))


def code(page):
    """What a page has in backticks and in blocks."""
    text = page.read_text()
    blocks = [block for _, block in BLOCK.findall(text)]
    return '\n'.join([*blocks, *SPAN.findall(BLOCK.sub('', text))])


def anchors(page):
    """The names that GitHub gives to the headings of a page."""
    text = BLOCK.sub('', page.read_text())
    found, count = set(), Counter()
    for title in re.findall(r'^#+ (.+)$', text, re.MULTILINE):
        slug = re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')
        found.add(f'{slug}-{count[slug]}' if count[slug] else slug)
        count[slug] += 1
    return found


def links(page):
    """(file, anchor) of each link that stays in the repository."""
    for match in LINK.finditer(prose(page)):
        link = match[1] or match[2]
        if not re.match(r'https?://', link):
            path, _, anchor = link.partition('#')
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize('page', PAGES, **name_of)
def test_links_lead_somewhere(page):
    for path, anchor in links(page):
        assert path.exists(), path
        assert ROOT in path.parents, f"{path} is not on a reader's screen"
        if anchor:
            assert anchor in anchors(path), f'{path}#{anchor}'


@pytest.mark.parametrize(
    ('title', 'slug'),
    [
        ("What does not add up in the paper's text",) * 2,
        ('`a_b`: on 1, 2 × 3', 'a_b-on-1-2--3'),
    ],
)
def test_anchors_are_those_of_github(title, slug, tmp_path):
    slug = re.sub("[']", '', slug).replace(' ', '-').lower()
    page = tmp_path / 'page.md'
    page.write_text(f'# {title}\n```\n# no heading\n```\n## {title}\n')
    assert anchors(page) == {slug, f'{slug}-1'}


@pytest.mark.parametrize('page', [*OURS, *CONFIGS], **name_of)
def test_paths_that_are_named_exist(page):
    missing = []
    for match in PATH.finditer(code(page)):
        path = match.group().rstrip('.,')
        pattern = re.sub(r'\{.*?\}', '*', path.rstrip('/'))
        if path not in MADE_UP and not any(ROOT.glob(pattern)):
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize('page', OURS, **name_of)
def test_python_examples_parse(page):
    for language, block in BLOCK.findall(page.read_text()):
        if language == 'python':
            compile(block, page.name, 'exec')


def exists(dotted):
    """Whether a name is registered, or can be imported."""
    words = dotted.split('.')
    registries = [
        r for r in vars(registry).values() if isinstance(r, registry.Registry)
    ]
    if len(words) == 2 and any(
        words[1] in r.module_dict for r in registries if r.scope == 'xnet_mm'
    ):
        return True
    for end in range(len(words), 0, -1):
        try:
            found = importlib.import_module('.'.join(words[:end]))
        except ModuleNotFoundError:
            continue
        for word in words[end:]:
            found = getattr(found, word, None)
        return found is not None
    return False


@pytest.mark.parametrize('page', OURS, **name_of)
def test_names_that_are_named_exist(page):
    names = {*DOTTED.findall(code(page))} - MADE_UP
    assert [name for name in sorted(names) if not exists(name)] == []


def test_readme_stays_short():
    assert len((ROOT / 'README.md').read_text().splitlines()) <= 180


def test_index_lists_every_page_and_the_readme_the_index():
    index = ROOT / 'docs/README.md'
    listed = {path for path, _ in links(index)}
    assert {*DOCS} - {index} <= listed
    assert len(DOCS) > 5
    from_readme = {path for path, _ in links(ROOT / 'README.md')}
    assert {index, *DOCS} <= from_readme
    assert {ROOT / 'CONTRIBUTING.md', ROOT / 'CHANGELOG.md'} <= from_readme


def test_table_of_the_papers_words_names_the_files_of_the_classes():
    text = (ROOT / 'README.md').read_text()
    table = re.search(r'^\| in the paper .*?\n\n', text, re.M | re.S).group()
    rows = [row.split('|')[2:4] for row in table.splitlines()[2:] if row]
    assert len(rows) == 8
    for names, files in rows:
        paths = [path for path, _ in LINK.findall(files)]
        sources = [(ROOT / path).read_text() for path in paths]
        names = SPAN.findall(names)
        assert len(names) == len(sources)
        for name, source in zip(names, sources, strict=True):
            assert re.search(rf'^(class|def) {name}\b', source, re.M), name


def test_api_page_lists_what_is_registered():
    registered = set()
    for kind in (
        *('MODELS', 'DATASETS', 'TRANSFORMS', 'METRICS', 'HOOKS'),
        *('EVALUATOR', 'STRATEGIES', 'VISUALIZERS'),
        'OPTIM_WRAPPER_CONSTRUCTORS',
    ):
        registered |= {*getattr(registry, kind).module_dict}
    text = (ROOT / 'docs/api.md').read_text()
    table = text.partition('## Registered names')[2].partition('| kind |')[2]
    listed = SPAN.findall(table)
    assert len(listed) == len(set(listed))
    assert set(listed) == registered


def test_architecture_is_what_the_script_draws(tmp_path):
    drawn = tmp_path / 'drawn.png'
    script = ROOT / 'docs/draw_architecture.py'
    subprocess.run([sys.executable, script, drawn], check=True)
    here = cv2.imread(str(ROOT / 'docs/architecture.png')).astype(float)
    there = cv2.imread(str(drawn)).astype(float)
    assert here.shape == there.shape
    # Another release of matplotlib or FreeType moves the edges of letters.
    assert np.abs(here - there).mean() < 2
