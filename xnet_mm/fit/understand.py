"""What lies in a user's folder, found by names and a look at some files."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .codes import read_picture
from .depth import describe_format, find_unit, look_at_depth
from .files import File, describe_kinds, list_files
from .found import DepthFound, Found, LabelsFound
from .images import look_at_images, shares
from .labels import check_size, find_style, look_at_labels
from .legend import find_legends
from .pairing import Roles, describe_no_match, sort_roles
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
    chosen, notes = _choose_task(folder, roles, truths, task)
    divided = divide(folder, files, roles.images, truths[chosen], chosen)
    if not any(divided.pairs.values()):
        kind = 'depth map' if chosen == 'depth' else 'mask'
        raise FolderError(
            f'{folder}: '
            + describe_no_match(roles.images, truths[chosen], kind)
        )
    total = sum(map(len, divided.pairs.values()))
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
    truths: dict[Task, list[File]],
    task: Task | None,
) -> tuple[Task, tuple[str, ...]]:
    there = [name for name, found in truths.items() if found]
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
    sizes: Sequence[tuple[int, int]],
    found: Sequence[tuple[int, int]],
) -> None:
    for pair, size, other in zip(sample, sizes, found, strict=True):
        check_size(other, size, folder / pair.truth, folder / pair.image)


def _depth(
    folder: Path,
    sample: Sequence[Pair],
    sizes: Sequence[tuple[int, int]],
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
    sizes: Sequence[tuple[int, int]],
    common: dict[str, Any],
) -> LabelsFound:
    looks = look_at_labels(folder, [pair.truth for pair in sample])
    _check_sizes(folder, sample, sizes, [look.size for look in looks])
    style, counts = find_style(looks, find_legends(folder, files))
    classes = style.classes(counts, folder)
    common['notes'] += (*style.notes, *classes.notes)
    return LabelsFound(
        **common,
        kind=style.kind,
        classes=classes.names,
        palette=classes.palette,
        names_from=classes.source,
        style=style,
    )
