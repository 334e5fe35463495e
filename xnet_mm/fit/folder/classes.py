"""From the codes that label files hold to classes 0..K-1, and 255."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ...datasets.label_ids import IGNORED, MOST_CLASSES
from .codes import unpack
from .legend import Entry, Legend
from .terms import Colour, FolderError, Kind, Reading

BACKGROUND = 'background'
RARE = 0.01  # of all pixels: colours of no class that are let pass
GREY_STEP = 16  # grey levels as far apart as this are drawn for the eye
VOC_BORDER = (224 << 16) | (224 << 8) | 192
SHOWN = 5


@dataclass(frozen=True)
class Classes:
    """What codes mean.

    Attributes:
        names: of the classes.
        palette: an RGB colour for each.
        mapping: from a code to a class, or 255.
        source: where the names come from, in words.
        notes: what the user should know.
    """

    names: tuple[str, ...]
    palette: tuple[Colour, ...]
    mapping: dict[int, int]
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """How label pictures are to be read.

    Attributes:
        kind: of labels.
        reading: see `codes.to_codes`.
        legend: the file that names the classes, if any.
        palette: colours of ids, of a picture of indices.
        notes: what the user should know.
    """

    kind: Kind
    reading: Reading
    legend: Legend | None
    palette: tuple[Colour, ...]
    notes: tuple[str, ...] = ()

    def classes(
        self,
        counts: Counter,
        where: Path,
        examples: Mapping[int, str] | None = None,
    ) -> Classes:
        """What codes mean, see `name_classes`."""
        return name_classes(
            counts,
            self.kind,
            self.legend,
            self.palette,
            where,
            examples or {},
        )


def name_classes(
    counts: Counter,
    kind: Kind,
    legend: Legend | None,
    palette: Sequence[Colour],
    where: Path,
    examples: Mapping[int, str],
) -> Classes:
    """Which classes the codes of label files are.

    Args:
        counts: pixels of each code, of all files looked at.
        kind: 'ids', 'binary 0/255' (codes 0 and 1) or 'colours'.
        legend: names, if a file has them.
        palette: colours of ids, of a picture of indices.
        where: the user's folder, for errors.
        examples: a file of each code below it, as far as known.

    Raises:
        FolderError: codes that the legend does not know, too many classes,
            or one class alone.
    """
    one_named = legend is not None and len(legend.entries) == 1
    if kind == 'binary 0/255' or (
        kind == 'ids' and one_named and {*counts} <= {0, 1, IGNORED}
    ):
        found = _binary(legend)
    elif legend:
        found = _by_legend(counts, kind, legend, palette, where, examples)
    elif kind == 'colours':
        found = _by_colour(counts)
    else:
        found = _by_id(counts, palette)
    return check_classes(found, counts, where)


def check_classes(found: Classes, counts: Counter, where: Path) -> Classes:
    """The classes, if something can be learnt.

    Raises:
        FolderError: too many classes, or one alone that occurs.
    """
    there = {found.mapping[code] for code in counts} - {IGNORED}
    if len(found.names) > MOST_CLASSES:
        raise FolderError(
            f'{where}: {len(found.names)} classes, at most {MOST_CLASSES} '
            'can be trained (8 bits, 255 is ignored); merge some'
        )
    if len(there) < 2:
        only = ', '.join(found.names[i] for i in there) or 'nothing'
        raise FolderError(
            f'{where}: all label maps say the same ({only}), so there is '
            'nothing to learn; give masks with two classes or more'
        )
    return found


def _binary(legend: Legend | None) -> Classes:
    mapping = {0: 0, 1: 1, IGNORED: IGNORED}
    names: tuple[str, ...] = (BACKGROUND, 'foreground')
    source = 'no names given'
    named = []
    if legend:
        entries = [entry for entry in legend.entries if not entry.is_void]
        if legend.has_colours:  # the dark one is 0
            entries.sort(key=lambda entry: sum(entry.colour or ()))
        named = [entry.name for entry in entries]
    if legend and len(named) == 1:
        names, source = (BACKGROUND, named[0]), legend.file
    elif legend and len(named) == 2:
        names, source = (named[0], named[1]), legend.file
    return Classes(names, ((0, 0, 0), (255, 255, 255)), mapping, source)


def _by_legend(
    counts: Counter,
    kind: Kind,
    legend: Legend,
    palette: Sequence[Colour],
    where: Path,
    examples: Mapping[int, str],
) -> Classes:
    notes = []
    entries = sorted(legend.entries, key=lambda entry: entry.id)
    if kind == 'ids' and _begin_at_one(counts, entries):
        entries = [entry._replace(id=entry.id + 1) for entry in entries]
        notes.append(f'ids begin at 1: that is {entries[0].name}')
    mapping: dict[int, int] = {} if kind == 'colours' else {IGNORED: IGNORED}
    names: list[str] = []
    colours: list[Colour] = []
    made_up = make_palette(len(entries))
    for entry in entries:
        code = entry.id
        if kind == 'colours' and entry.colour:
            red, green, blue = entry.colour
            code = (red << 16) | (green << 8) | blue
        if entry.is_void:
            mapping[code] = IGNORED
            continue
        mapping[code] = len(names)
        colours.append(
            entry.colour or _of_palette(palette, code) or made_up[len(names)]
        )
        names.append(entry.name)
    unknown = {code: n for code, n in counts.items() if code not in mapping}
    if unknown:
        share = sum(unknown.values()) / sum(counts.values())
        if kind != 'colours' or share > RARE:
            first = next((code for code in unknown if code in examples), None)
            file = where if first is None else where / examples[first]
            raise FolderError(
                f'{file}: {_describe_unknown(unknown, kind, share, legend)}'
            )
        mapping |= dict.fromkeys(unknown, IGNORED)
        notes.append(
            f'{len(unknown)} colours that {legend.file} does not name '
            f'({share:.2%} of the pixels) are ignored'
        )
    void = [entry.name for entry in entries if entry.is_void]
    if void:
        notes.append(f'ignored, as it is no class: {", ".join(void)}')
    return Classes(
        tuple(names), tuple(colours), mapping, legend.file, tuple(notes)
    )


def _begin_at_one(counts: Counter, entries: Sequence[Entry]) -> bool:
    """Whether the ids are 1..K, where a list without ids has K names."""
    ids = {*counts} - {IGNORED}
    listed = [entry.id for entry in entries]
    return (
        listed == [*range(len(listed))]
        and min(ids, default=0) == 1
        and max(ids) == len(listed)
    )


def _describe_unknown(
    unknown: dict[int, int], kind: Kind, share: float, legend: Legend
) -> str:
    codes = sorted(unknown, key=lambda code: -unknown[code])
    if kind == 'colours':
        shown = ', '.join(str(unpack(code)) for code in codes[:SHOWN])
        return (
            f'colours that {legend.file} does not name, {share:.0%} of the '
            f'pixels: {shown}{", ..." * (len(codes) > SHOWN)}; add them to '
            'it (void for what is ignored)'
        )
    shown = ', '.join(map(str, sorted(codes)[:SHOWN]))
    ids = [entry.id for entry in legend.entries]
    return (
        f'label id {shown}{", ..." * (len(codes) > SHOWN)}, but '
        f'{legend.file} names {len(ids)} classes (ids {min(ids)}..'
        f'{max(ids)}); name every id in it, background too if 0 is that, or '
        'set pixels that do not count to 255'
    )


def _by_colour(counts: Counter) -> Classes:
    codes = sorted(counts)
    mapping = {}
    if VOC_BORDER in counts and 0 in counts:  # VOC's lines between objects
        codes.remove(VOC_BORDER)
        mapping[VOC_BORDER] = IGNORED
    mapping |= {code: i for i, code in enumerate(codes)}
    colours = tuple(unpack(code) for code in codes)
    names = tuple('colour #{:02x}{:02x}{:02x}'.format(*c) for c in colours)
    return Classes(names, colours, mapping, 'no names given')


def _by_id(counts: Counter, palette: Sequence[Colour]) -> Classes:
    codes = sorted(counts)
    notes = []
    mapping = {}
    if IGNORED in codes and _are_grey_levels(codes):
        notes.append(
            'grey levels that are evenly spaced: 255 is taken for a class'
        )
    elif IGNORED in codes:
        codes.remove(IGNORED)
        mapping[IGNORED] = IGNORED
    mapping |= {code: i for i, code in enumerate(codes)}
    if codes != [*range(len(codes))]:
        shown = ', '.join(f'{c} -> {i}' for i, c in enumerate(codes[:SHOWN]))
        notes.append(
            f'ids have gaps and are numbered anew: {shown}'
            f'{", ..." * (len(codes) > SHOWN)}'
        )
    made_up = make_palette(len(codes))
    colours = tuple(
        _of_palette(palette, code) or made_up[i]
        for i, code in enumerate(codes)
    )
    names = tuple(f'class {code}' for code in codes)
    source = 'no names given'
    return Classes(names, colours, mapping, source, tuple(notes))


def _are_grey_levels(codes: Sequence[int]) -> bool:
    steps = [b - a for a, b in pairwise(codes)]
    return (
        len(codes) > 2
        and min(steps) >= GREY_STEP
        and max(steps) - min(steps) <= 1
    )


def _of_palette(palette: Sequence[Colour], code: int) -> Colour | None:
    """A picture's colour of an index, unless these are grey levels."""
    grey = all(len({*colour}) == 1 for colour in palette)
    return palette[code] if not grey and 0 <= code < len(palette) else None


def make_palette(count: int) -> list[Colour]:
    """Colours that differ, as PASCAL VOC's tools number them."""
    colours = []
    for number in range(count):
        rest, rgb = number, [0, 0, 0]
        for bit in range(7, -1, -1):
            for channel in range(3):
                rgb[channel] |= (rest >> channel & 1) << bit
            rest >>= 3
        colours.append((rgb[0], rgb[1], rgb[2]))
    return colours
