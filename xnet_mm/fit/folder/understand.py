"""What lies in a user's folder, found by names and a look at some files."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .codes import read_picture
from .depth import describe_format, find_unit, look_at_depth
from .files import File, describe_kinds, list_files
from .found import DepthFound, Found, LabelsFound
from .images import Size, look_at_images, shares
from .labels import check_size, find_style, look_at_labels
from .legend import find_legends
from .pairing import Roles, describe_no_match, sort_roles
from .sources import Source, find_outlines
from .splitting import Divided, divide
from .terms import SPLITS, FolderError, Pair, Task

LOOKED_AT = 64  # files of each kind, spread evenly
FEWEST = 3  # images with truth


def understand(
    folder: str | Path,
    *,
    task: Task | None = None,
    depth_scale: float | None = None,
    without: Collection[Path] = (),
) -> Found:
    """Find out what can be learnt from a folder; nothing is written.

    Images and their truth pair by name: `images/` and `masks/` (or labels,
    annotations, gt, depth, ...), with `train/`, `val/` and `test/` above or
    below, or side by side as `a.jpg` and `a_mask.png`. Names, headers and
    some files that are spread evenly decide; all are read by `prepare`.

    Args:
        folder: the user's.
        task: 'segmentation' or 'depth', where both are there; segmentation
            by default.
        depth_scale: file units per metre, for depth files of which it cannot
            be guessed.
        without: folders below it that are left out: of a run, say.

    Raises:
        FolderError: what is there cannot be used; one sentence with the fix.
    """
    folder = Path(folder)
    try:
        return _understand(folder, task, depth_scale, without)
    except FolderError:
        raise
    except (OSError, ValueError) as error:
        raise FolderError(str(error)) from error


def _understand(
    folder: Path,
    task: Task | None,
    depth_scale: float | None,
    without: Collection[Path],
) -> Found:
    files = list_files(folder, without)
    roles = sort_roles(files)
    if not roles.images:
        raise FolderError(
            f'{folder}: no image among its {len(files)} files '
            f'({describe_kinds(files)}); put images into images/ and their '
            'masks or depth maps, of the same names, into masks/ or depth/'
        )
    truths = _by_task(folder, roles)
    source = None
    if not truths['segmentation'] and task != 'depth':
        source = find_outlines(folder, files, roles)
    there: list[Task] = [name for name, found in truths.items() if found]
    if source:
        there.insert(0, 'segmentation')
    chosen, notes = _choose_task(folder, roles, there, task)
    if source and chosen == 'segmentation':
        divided = source.divided
    else:
        source = None
        divided = divide(folder, files, roles.images, truths[chosen], chosen)
    total = sum(map(len, divided.pairs.values()))
    if not total:
        kind = 'depth map' if chosen == 'depth' else 'mask'
        raise FolderError(
            f'{folder}: '
            + describe_no_match(roles.images, truths[chosen], kind)
        )
    if total < FEWEST:
        raise FolderError(
            f'{folder}: only {total} image(s) with truth; give at least '
            f'{FEWEST}, and better hundreds'
        )
    sample = _sample(divided)
    sizes = look_at_images(folder, [pair.image for pair in sample])
    common: dict[str, Any] = dict(
        folder=folder,
        task=chosen,
        pairs=divided.pairs,
        split_made=divided.made,
        split_why=divided.why,
        without_truth=divided.without_truth,
        sizes=shares(sizes),
        notes=(*notes, *divided.notes),
    )
    if chosen == 'depth':
        return _depth(folder, sample, sizes, depth_scale, common)
    if source:
        return _outlines(source, sample, sizes, common)
    return _labels(folder, files, sample, sizes, common)


def _by_task(folder: Path, roles: Roles) -> dict[Task, list[File]]:
    """Truth of each task; of what is called `gt` the files decide."""
    found: dict[Task, list[File]] = {
        'segmentation': roles.truths.get('label', []),
        'depth': roles.truths.get('depth', []),
    }
    unsure = roles.truths.get('gt', [])
    if unsure:
        task: Task = 'depth' if is_depth(folder, unsure[0]) else 'segmentation'
        found[task] = [*found[task], *unsure]
    return found


def is_depth(folder: Path, file: File) -> bool:
    """Whether a file holds depth rather than labels, by its values."""
    if file.suffix == '.exr':
        return True
    try:
        values = read_picture(folder / file.path).values
    except ValueError as error:
        return 'float' in str(error)
    return values.dtype.itemsize > 1 and len(np.unique(values)) > 256


def _choose_task(
    folder: Path,
    roles: Roles,
    there: Sequence[Task],
    task: Task | None,
) -> tuple[Task, tuple[str, ...]]:
    if not there:
        raise FolderError(
            f'{folder}: {len(roles.images)} images and no truth for them; '
            'put masks into masks/ or depth maps into depth/, of the same '
            'names as the images'
        )
    if task is not None and task not in there:
        raise FolderError(
            f'{folder}: no truth for {task}, but for {there[0]}; leave '
            '--task out, or add '
            + ('masks/' if task == 'segmentation' else 'depth/')
        )
    if task is not None:
        return task, ()
    if len(there) == 2:
        return 'segmentation', (
            'depth maps are there too: --task depth takes those',
        )
    return there[0], ()


def _sample(divided: Divided) -> list[Pair]:
    pairs = [pair for split in SPLITS for pair in divided.pairs[split]]
    spaced = np.linspace(0, len(pairs) - 1, min(LOOKED_AT, len(pairs)))
    return [pairs[i] for i in sorted({*spaced.astype(int).tolist()})]


def _check_sizes(
    folder: Path,
    sample: Sequence[Pair],
    sizes: Sequence[Size],
    found: Sequence[Size],
) -> None:
    # There may be more of the truth than of the sample.
    for pair, size, other in zip(sample, sizes, found, strict=False):
        check_size(other, size, folder / pair.truth, folder / pair.image)


def _depth(
    folder: Path,
    sample: Sequence[Pair],
    sizes: Sequence[Size],
    scale: float | None,
    common: dict[str, Any],
) -> DepthFound:
    looks = look_at_depth(folder, [pair.truth for pair in sample])
    _check_sizes(folder, sample, sizes, [look.size for look in looks])
    unit = find_unit(looks, folder, scale)
    low, median, high = unit.metres(looks)
    return DepthFound(
        **common,
        format=describe_format(looks),
        depth_scale=unit.scale,
        scale_why=unit.why,
        depth_encoding=unit.encoding,
        invalid_values=unit.invalid,
        depth_range=(low, median, high),
        valid_share=unit.valid_share(looks),
    )


def _labels(
    folder: Path,
    files: Sequence[File],
    sample: Sequence[Pair],
    sizes: Sequence[Size],
    common: dict[str, Any],
) -> LabelsFound:
    looks = look_at_labels(folder, [pair.truth for pair in sample])
    if len({code for look in looks for code in look.counts}) == 1:
        # Things may be rare: only all of the files tell.
        others = [
            pair.truth
            for split in SPLITS
            for pair in common['pairs'][split]
            if pair not in sample
        ]
        looks += look_at_labels(folder, others)
    _check_sizes(folder, sample, sizes, [look.size for look in looks])
    style, counts = find_style(looks, find_legends(folder, files))
    examples = {code: k.path for k in reversed(looks) for code in k.counts}
    classes = style.classes(counts, folder, examples)
    common['notes'] += (*style.notes, *classes.notes)
    return LabelsFound(
        **common,
        kind=style.kind,
        classes=classes.names,
        palette=classes.palette,
        names_from=classes.source,
        style=style,
    )


def _outlines(
    source: Source,
    sample: Sequence[Pair],
    sizes: Sequence[Size],
    common: dict[str, Any],
) -> LabelsFound:
    for pair, size in zip(sample, sizes, strict=True):
        source.truth.read(pair, size)  # raises where they do not fit
    classes = source.truth.classes(Counter(range(len(source.truth.names))))
    return LabelsFound(
        **common,
        kind=source.kind,
        classes=classes.names,
        palette=classes.palette,
        names_from=classes.source,
        legend=source.legend,
    )
