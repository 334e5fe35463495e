"""The data sets of a run, by its config, which may be a stranger's.

What is built is held to lists: data sets of this package and those of
MMSegmentation that only list folders, their options, and the transforms that
a shared model may have, beside those that load truth.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.dataset import ConcatDataset
from mmengine.registry import init_default_scope
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations

from ..datasets.transforms import LoadDepth, LoadLabels
from ..prediction.pipeline import class_of, loads_truth
from ..prediction.saved_config import as_steps, check_scopes, plain_steps

OURS = 'xnet_mm.datasets.'
STOCK = 'mmseg.datasets.'
OPTIONS = {
    *('data_root', 'data_prefix', 'ann_file', 'img_suffix', 'indices'),
    *('seg_map_suffix', 'depth_suffix', 'depth_scale', 'depth_encoding'),
    *('invalid_values', 'intrinsics', 'metainfo', 'test_mode', 'check'),
    *('ignore_index', 'reduce_zero_label', 'serialize_data'),
}
NO_MATTER = {'pipeline', 'type', '_scope_', 'backend_args', 'lazy_init'}
TRUTH = (LoadAnnotations, LoadLabels, LoadDepth)
TRUTH_OPTIONS = {'type', '_scope_', 'reduce_zero_label', 'imdecode_backend'}
MOST_STEPS = 32
MOST_AT_ONCE = 64  # images
# What data sets raise where files are gone, or an option is no such thing.
DAMAGE = (
    *(OSError, ValueError, AssertionError),
    *(AttributeError, KeyError, TypeError),
)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
HELP = (
    'A report opens only data sets of xnet_mm, and of MMSegmentation those '
    'that list folders'
)


class Split(NamedTuple):
    """A part of the data.

    Attributes:
        name: 'training' or 'validation'.
        dataset: built; gives samples that are packed for the model, or of
            training what was loaded.
        root: folder that file names are told below.
        batch_size: of the config.
    """

    name: str
    dataset: Any
    root: str
    batch_size: int

    @property
    def transforms(self) -> Any:
        """Of the pipeline; of several data sets that of the first."""
        parts = getattr(self.dataset, 'datasets', [self.dataset])
        return parts[0].pipeline.transforms

    def local(self, path: str | Path) -> str:
        """The name of a file below the root."""
        try:
            return Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return Path(path).name


def open_validation(values: Mapping[str, Any], config: Path) -> Split:
    """What the run was validated on, by the pipeline of its test.

    Args:
        values: of the config, see `read_run_config`.
        config: its path, for errors.

    Raises:
        ValueError: there is none, it is not on the lists, or the files are
            gone.
    """
    key = next(
        (k for k in ('val_dataloader', 'test_dataloader') if values.get(k)),
        None,
    )
    if key is None:
        raise ValueError(
            f'{config}: no val_dataloader and no test_dataloader, so nothing '
            'to report on. Train with a validation set'
        )
    return _open(values, key, config, 'validation')


def open_training(values: Mapping[str, Any], config: Path) -> Split:
    """What the run was trained on, as the files have it: image and truth.

    It is loaded as the validation data, and nothing is drawn by chance.

    Raises:
        ValueError: as `open_validation`.
    """
    return _open(values, 'train_dataloader', config, 'training')


def _open(
    values: Mapping[str, Any], key: str, config: Path, name: str
) -> Split:
    given = values.get(key)
    loader: dict = given if isinstance(given, dict) else {}
    where = f'{config}: {key}.dataset'
    parts = [*_leaves(loader.get('dataset'))]
    if not parts:
        raise ValueError(f'{where} is missing')
    scope = values.get('default_scope') or 'mmseg'
    built = []
    try:
        check_scopes([values.get(k) for k in LOADERS], scope)
    except ValueError as error:
        raise ValueError(f'{config}: {error}') from None
    init_default_scope(scope)
    for part in parts:
        # Training data are loaded as the truth of a test is.
        steps = part if name == 'validation' else _tested(values) or part
        try:
            pipeline = _pipeline(steps.get('pipeline'), scope, name)
            dataset = _checked(part, scope, name)
        except ValueError as error:
            raise ValueError(f'{where}: {error}') from None
        try:
            built.append(dataset.pop('type')(**dataset, pipeline=pipeline))
        except DAMAGE as error:
            raise ValueError(
                f'the {name} data of this run cannot be opened: {error}. Put '
                f'them back there, or correct the paths in {config}'
            ) from error
    size = loader.get('batch_size')
    return Split(
        name,
        built[0] if len(built) == 1 else ConcatDataset(built),
        str(parts[0].get('data_root') or ''),
        min(size, MOST_AT_ONCE) if type(size) is int and size > 0 else 1,
    )


def _tested(values: Mapping[str, Any]) -> dict | None:
    for key in ('val_dataloader', 'test_dataloader'):
        loader = values.get(key)
        if isinstance(loader, dict):
            return next(_leaves(loader.get('dataset')), None)
    return None


def _leaves(dataset: Any) -> Iterator[dict]:
    """Within ConcatDataset, RepeatDataset and their like."""
    if not isinstance(dataset, dict):
        return
    inner = dataset.get('datasets') or [dataset.get('dataset')]
    if inner == [None]:
        yield dataset
        return
    for part in inner:
        yield from _leaves(part)


def _checked(part: dict, scope: str, name: str) -> dict:
    """Class and options of a data set, if all are on the lists."""
    from mmseg.registry import DATASETS

    kind = part.get('type')
    scope = part.get('_scope_') or scope
    with DATASETS.switch_scope_and_registry(scope) as registry:
        found = registry.get(kind) if isinstance(kind, str) else None
    if not isinstance(found, type) or not _is_listed(found):
        raise ValueError(f'type={kind!r:.60}. {HELP}')
    for key, value in part.items():
        if key not in OPTIONS | NO_MATTER:
            raise ValueError(f'{key}={value!r:.60} is no option here. {HELP}')
        if key == 'backend_args' and value is not None:
            raise ValueError(f'backend_args={value!r:.60}: files only')
        if '://' in repr(value) and key != 'pipeline':
            raise ValueError(f'{key}={value!r:.60}: files only')
    options = {k: v for k, v in part.items() if k in OPTIONS}
    if name == 'training' and found.__module__.startswith(OURS):
        options['check'] = False  # it has passed when it was trained on
    return dict(options, type=found)


def _is_listed(kind: Any) -> bool:
    if kind.__module__.startswith(OURS):
        return True
    return (
        kind.__module__.startswith(STOCK)
        and issubclass(kind, BaseSegDataset)
        # Others read what is more than a list of names.
        and kind.load_data_list is BaseSegDataset.load_data_list
    )


def _pipeline(steps: Any, scope: str, name: str) -> list[dict]:
    """The transforms; of training only what loads."""
    if (
        not isinstance(steps, list | tuple)
        or not 1 < len(steps) <= MOST_STEPS
        or not all(isinstance(step, dict) for step in steps)
        or not all(isinstance(step.get('type'), str) for step in steps)
    ):
        raise ValueError(f'pipeline={steps!r:.60}, wanted transforms')
    plain = [
        i for i, step in enumerate(steps) if not i or not loads_truth(step)
    ]
    listed = as_steps(plain_steps([steps[i] for i in plain], scope))
    found = dict(zip(plain, listed, strict=True))
    for i, step in enumerate(steps):
        if i not in found:
            found[i] = _truth(step)
    if name == 'training':
        found = {i: found[i] for i in found if not i or i not in plain}
    return [found[i] for i in sorted(found)]


def _truth(step: dict) -> dict:
    """A loader of truth, if it is on the list."""
    if class_of(step) not in TRUTH or {*step} - TRUTH_OPTIONS:
        raise ValueError(
            f'pipeline: {step!r:.80}; wanted LoadAnnotations, '
            'xnet_mm.LoadLabels or xnet_mm.LoadDepth'
        )
    return dict(step)
