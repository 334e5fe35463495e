"""Pieces of a page in HTML. Whatever text comes in is escaped here."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from .pictures import Shown

# No script, nothing from a network, whatever slipped through.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --back: #fff; --ink: #1c2126;
  --soft: #59636d; --line: #dfe3e6; --card: #f5f6f7; --bar: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --ink: #e4e7ea;
  --soft: #9aa4ad; --line: #31373d; --card: #1e2327; --bar: #3d9bd6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.2rem 4rem;
  background: var(--back); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial,
  'Noto Sans', sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .8rem 0 .2rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .9rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .875rem; }
nav { font-size: .875rem; margin: .8rem 0; }
nav a { margin-right: .9rem; color: var(--bar); text-decoration: none;
  white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: .7rem; margin: 1rem 0; }
.tile { background: var(--card); border-radius: .5rem; padding: .6rem 1rem;
  min-width: 7.2rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .8rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .22rem .8rem .22rem 0; font-weight: 400;
  vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .8rem; }
table.facts td { overflow-wrap: anywhere; }
table.facts th { color: var(--soft); min-width: 6.5rem; }
.num { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; overflow-wrap: normal; }
table.bars { width: 100%; max-width: 46rem; }
table.bars th { max-width: 14rem; }
td.bar { width: 45%; min-width: 5rem; padding-right: 0;
  vertical-align: middle; }
td.bar span { display: block; height: .8rem; background: var(--bar);
  border-radius: 0 .2rem .2rem 0; min-width: 1px;
  box-shadow: inset 0 0 0 1px rgb(128 128 128 / .35); }
i.dot { display: inline-block; width: .8rem; height: .8rem;
  margin-right: .45rem;
  border-radius: .15rem; vertical-align: -.05rem;
  box-shadow: inset 0 0 0 1px rgb(128 128 128 / .5); }
.charts, .strip { display: grid; gap: 1rem; margin: .8rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
.strip { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  gap: .7rem; }
img { max-width: 100%; height: auto; display: block; }
.charts img { width: 100%; max-width: 30rem; }
figure { margin: 0; }
.strip img { width: 100%; margin-bottom: 2px; }
.row { margin: 1.1rem 0; }
.row .four { display: grid; gap: .4rem;
  grid-template-columns: repeat(4, 1fr); }
.row img { width: 100%; }
@media (max-width: 42rem) {
  .row .four { grid-template-columns: repeat(2, 1fr); }
  body { padding: .6rem .8rem 3rem; }
  td.bar { width: 22%; min-width: 3rem; } }
.wide { overflow-x: auto; margin: .8rem 0; }
.big img { max-width: none; width: max(100%, 44rem); }
table.matrix { font-size: .75rem; border-spacing: 1px;
  border-collapse: separate; width: auto; }
table.matrix th, table.matrix td { border: 0; padding: 0 .3rem;
  overflow-wrap: normal; }
table.matrix td { width: 2.1rem; min-width: 2.1rem; height: 1.7rem;
  text-align: center; vertical-align: middle; padding: 0;
  font-variant-numeric: tabular-nums; }
table.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg);
  max-height: 11rem; overflow: hidden; white-space: nowrap;
  vertical-align: bottom; color: inherit;
  padding: .3rem 0; }
table.matrix tbody th { text-align: right; white-space: nowrap;
  vertical-align: middle; max-width: 12rem; overflow: hidden;
  text-overflow: ellipsis; }
pre { background: var(--card); padding: .7rem .9rem; border-radius: .4rem;
  white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: .8rem; line-height: 1.45; }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--bar); }
.name { unicode-bidi: isolate; }
span.key { margin-right: .9rem; white-space: nowrap; }
ul { padding-left: 1.2rem; max-width: 46rem; }
"""


def text(value: object) -> str:
    """Any text, so that a browser shows it and does nothing else."""
    return escape(str(value), quote=True)


def paragraph(words: str, kind: str = '') -> str:
    """A paragraph of plain text."""
    return f'<p class="{kind}">{text(words)}</p>'


def bullets(lines: Iterable[str]) -> str:
    """A list of plain texts."""
    items = ''.join(f'<li>{text(line)}</li>' for line in lines)
    return f'<ul>{items}</ul>' if items else ''


def facts(rows: Mapping[str, str]) -> str:
    """A table of names and values."""
    lines = ''.join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f'<table class="facts">{lines}</table>'


def tiles(figures: Mapping[str, str]) -> str:
    """Figures in large digits, each above its name."""
    found = ''.join(
        f'<div class="tile"><b>{text(value)}</b>'
        f'<span>{text(name)}</span></div>'
        for name, value in figures.items()
    )
    return f'<div class="tiles">{found}</div>'


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1
) -> str:
    """A table of texts; all but the first `names` columns are numbers."""
    kinds = ['' if i < names else ' class="num"' for i in range(len(head))]
    top = ''.join(
        f'<th scope="col"{kind}>{text(cell)}</th>'
        for cell, kind in zip(head, kinds, strict=True)
    )
    body = ''.join(
        '<tr>'
        + ''.join(
            f'<td{kind}>{text(cell)}</td>'
            for cell, kind in zip(row, kinds, strict=True)
        )
        + '</tr>'
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead>'
        f'<tbody>{body}</tbody></table></div>'
    )


def colour(rgb: Sequence[int]) -> str:
    """A colour of a palette, 0 to 255, for a style."""
    red, green, blue = (min(255, max(0, int(part))) for part in rgb[:3])
    return f'rgb({red} {green} {blue})'


def bars(
    head: Sequence[str],
    rows: Iterable[tuple[str, Sequence[int] | None, Sequence[str], float]],
) -> str:
    """A table with a bar in each row.

    Args:
        head: of the columns but that of the bar.
        rows: name, its colour (or None), figures, length of the bar, 0 to 1.
    """
    lines = []
    for name, rgb, figures, length in rows:
        paint = colour(rgb) if rgb is not None else ''
        dot = (
            f'<i class="dot" style="background:{paint}"></i>' if paint else ''
        )
        cells = ''.join(f'<td class="num">{text(f)}</td>' for f in figures)
        share = 100 * min(1.0, max(0.0, length))
        style = f'width:{share:.2f}%' + (
            f';background:{paint}' if paint else ''
        )
        lines.append(
            f'<tr><th scope="row">{dot}<span class="name">{text(name)}</span>'
            f'</th>{cells}<td class="bar"><span style="{style}"></span></td>'
            '</tr>'
        )
    top = ''.join(
        f'<th scope="col"{" class=num" if i else ""}>{text(cell)}</th>'
        for i, cell in enumerate(head)
    )
    return (
        f'<table class="bars"><thead><tr>{top}<th></th></tr></thead>'
        f'<tbody>{"".join(lines)}</tbody></table>'
    )


def legend(entries: Iterable[tuple[str, Sequence[int]]]) -> str:
    """Names with the colours that they have in pictures."""
    found = ' '.join(
        f'<span class="key"><i class="dot" style="background:{colour(rgb)}">'
        f'</i><span class="name">{text(name)}</span></span>'
        for name, rgb in entries
    )
    return f'<p class="soft">{found}</p>'


def image(content: bytes, kind: str, about: str) -> str:
    """A picture within the page.

    Args:
        content: of the file.
        kind: 'jpeg', 'png' or 'svg+xml'.
        about: what it shows, for those who do not see it.
    """
    data = b64encode(content).decode()
    return f'<img alt="{text(about)}" src="data:image/{kind};base64,{data}">'


def charts(figures: Iterable[tuple[str, bytes]]) -> str:
    """Charts side by side, where there is room: (what it shows, SVG)."""
    found = ''.join(image(data, 'svg+xml', about) for about, data in figures)
    return f'<div class="charts">{found}</div>'


def strip(images: Iterable[Shown]) -> str:
    """Images with their panels below each other."""
    found = ''.join(
        '<figure>'
        + ''.join(
            image(data, 'jpeg', f'{title} of {one.name}')
            for title, data in one.pictures.items()
        )
        + f'<figcaption class="name">{text(one.name)}</figcaption></figure>'
        for one in images
    )
    return f'<div class="strip">{found}</div>'


def rows_of_panels(images: Iterable[Shown]) -> str:
    """An image a row, its panels side by side."""
    lines = []
    for place, one in enumerate(images, 1):
        panels = ''.join(
            f'<figure>{image(data, "jpeg", f"{title} of {one.name}")}'
            f'<figcaption>{text(title)}</figcaption></figure>'
            for title, data in one.pictures.items()
        )
        lines.append(
            f'<div class="row"><div>{place}. <span class="name">'
            f'{text(one.name)}</span> <span class="soft">'
            f'{text(one.caption)}</span></div>'
            f'<div class="four">{panels}</div></div>'
        )
    return ''.join(lines)


def folded(title: str, content: str) -> str:
    """Something that opens by a click."""
    return f'<details><summary>{text(title)}</summary>{content}</details>'


def code(lines: str) -> str:
    """Text as it is."""
    return f'<pre>{text(lines)}</pre>'


def document(title: str, sections: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        title: of the page; the first section holds its head.
        sections: heading -> HTML; the first one stands without heading.
    """
    (_, head), *others = sections.items()
    links = ''.join(
        f'<a href="#s{i}">{text(name)}</a>'
        for i, (name, _) in enumerate(others)
    )
    body = ''.join(
        f'<section id="s{i}"><h2>{text(name)}</h2>{content}</section>'
        for i, (name, content) in enumerate(others)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{text(title)}</title><style>{STYLE}</style></head>\n'
        f'<body>{head}<nav>{links}</nav>{body}</body></html>\n'
    )
