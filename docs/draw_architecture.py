"""Draw docs/architecture.png: python docs/draw_architecture.py [FILE].

The README shows it 400 pixels wide, as a phone does, so positions are in those
pixels, from the top left, and no type is smaller than 14 of them.
"""

import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Polygon

WIDTH, HEIGHT = 400, 484
SCALE = 3  # pixels of the file for one of those above
POINTS = 0.72  # of type, for one of those above, at 100 a inch
INK = '#1f2328'
# Edge and body of what was trained before, of what is new, of the frame.
OLD, NEW = ('#b4530a', '#fddcb8'), ('#1d5fa8', '#d3e5f8')
FRAME = ('#e0b48a', '#fff6ec')
LEFT, RIGHT = 92, 256  # the middles of the two columns
ROUND = 'round,pad=0,rounding_size=6'


def box(
    axes: Axes,
    centre: tuple[float, float],
    size: tuple[float, float],
    colours: tuple[str, str],
) -> None:
    """A rounded box."""
    (x, y), (width, height) = centre, size
    edge, body = colours
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(
        FancyBboxPatch(corner, width, height, ROUND, ec=edge, fc=body, lw=1.6)
    )


def words(
    axes: Axes,
    place: tuple[float, float],
    text: str,
    size: int = 16,
    weight: str = 'normal',
    align: str = 'center',
) -> None:
    """Lines of text with their capitals around `place`; `size` in pixels."""
    x, y = place
    lines = text.split('\n')
    for i, line in enumerate(lines):
        # Capitals of DejaVu Sans, matplotlib's own font, are 0.73 high.
        down = 0.365 + 1.25 * (i - (len(lines) - 1) / 2)
        axes.text(
            x,
            y + down * size,
            line,
            size=size * POINTS,
            family='DejaVu Sans',
            color=INK,
            weight=weight,
            ha=align,
        )


def arrow(axes: Axes, *points: tuple[float, float]) -> None:
    """A line through all points, with a head at the last one."""
    axes.plot(*zip(*points[:-1], strict=True), color=INK, lw=1.6)
    axes.annotate(
        '',
        points[-1],
        points[-2],
        arrowprops={
            'arrowstyle': '-|>,head_width=0.3,head_length=0.55',
            'color': INK,
            'lw': 1.6,
            'shrinkA': 0,
            'shrinkB': 0,
        },
    )


def draw(axes: Axes) -> None:
    """The boxes, in the order of the data flow."""
    box(axes, (289, 230), (210, 368), FRAME)

    words(axes, (LEFT, 18), 'image', weight='bold')
    arrow(axes, (LEFT, 30), (LEFT, 46))
    arrow(axes, (126, 18), (RIGHT, 18), (RIGHT, 62))

    # A trapezium: the encoder takes resolution away.
    xs = (LEFT - 84, LEFT + 84, LEFT + 60, LEFT - 60)
    corners = [*zip(xs, (46, 46, 112, 112), strict=True)]
    axes.add_patch(Polygon(corners, ec=OLD[0], fc=OLD[1], lw=1.6))
    words(axes, (LEFT, 79), 'pre-trained\nencoder', weight='bold')

    arrow(axes, (LEFT, 112), (LEFT, 130))
    box(axes, (LEFT, 150), (140, 40), NEW)
    words(axes, (LEFT - 52, 150), 'RS', weight='bold', align='left')
    words(axes, (LEFT - 20, 150), 're-shape', align='left')
    arrow(axes, (LEFT + 70, 150), (RIGHT - 15, 150))

    box(axes, (RIGHT, 81), (104, 38), OLD)
    words(axes, (RIGHT, 81), 'stem', weight='bold')
    arrow(axes, (RIGHT, 100), (RIGHT, 135))
    axes.add_patch(Circle((RIGHT, 150), 15, ec=INK, fc='white', lw=1.6))
    for sign in (-1, 1):
        xs, ys = (RIGHT - 6, RIGHT + 6), (150 - 6 * sign, 150 + 6 * sign)
        axes.plot(xs, ys, color=INK, lw=2.6)
    arrow(axes, (RIGHT, 165), (RIGHT, 186))

    for i, width in enumerate((104, 84, 64, 44)):
        y = 203 + 50 * i
        box(axes, (RIGHT, y), (width, 34), OLD)
        words(axes, (RIGHT, y), f'P{i + 1}', weight='bold')
        words(axes, (388, y), f'stride {4 << i}', size=14, align='right')
        arrow(axes, (RIGHT - width / 2, y), (LEFT + 62, y))
        if i:
            arrow(axes, (RIGHT, y - 33), (RIGHT, y - 17))
    words(axes, (289, 394), 'pre-trained decoder', weight='bold')

    box(axes, (LEFT, 278), (124, 184), NEW)
    words(axes, (LEFT, 250), 'PFP', weight='bold')
    words(axes, (LEFT, 292), 'post feature\npyramid')
    arrow(axes, (LEFT, 370), (LEFT, 388))
    box(axes, (LEFT, 408), (140, 40), NEW)
    words(axes, (LEFT, 408), 'linear probe', weight='bold')
    arrow(axes, (LEFT, 428), (LEFT, 446))
    words(axes, (200, 463), 'class logits | depth in metres', weight='bold')

    for y, colours, name in ((14, OLD, 'pre-trained'), (36, NEW, 'new')):
        box(axes, (290, y), (16, 14), colours)
        words(axes, (304, y), name, size=14, align='left')


def main() -> None:
    """Write the picture: the same bytes each time."""
    default = Path(__file__).with_name('architecture.png')
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    figure = Figure((WIDTH / 100, HEIGHT / 100), facecolor='white')
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.axis('off')
    draw(axes)
    # No version of matplotlib in the file.
    figure.savefig(path, dpi=100 * SCALE, metadata={'Software': None})


if __name__ == '__main__':
    main()
