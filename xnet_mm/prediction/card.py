"""README.md of a shared model: what it predicts, how well, and whose it is."""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import PurePath
from typing import Any, NamedTuple

from ..checks import is_finite_number

MOST_CLASSES = 200  # that are listed
NOT_KNOWN = 'not known'


class Pretrained(NamedTuple):
    """Weights that a training started from.

    Attributes:
        role: 'encoder' or 'decoder'.
        model: its name in timm or in a registry.
        source: what the config says of them: 'timm', the name of a file, an
            address without what follows a question mark.
        licence: in words, or `NOT_KNOWN`.
    """

    role: str
    model: str
    source: str
    licence: str


def pretrained_of(model: Mapping[str, Any]) -> list[Pretrained]:
    """The weights that the config of a segmentor names, with licences.

    Known are timm's, by timm's own note of each, and those of Python
    packages, by their metadata.

    Args:
        model: the config that was trained.
    """
    found = []
    for box, role in (('backbone', 'encoder'), ('neck', 'decoder')):
        config = model.get(box) or {}
        name = config.get(role) or config.get('type')
        if isinstance(name, Mapping):
            name = name.get('model_name') or name.get('type')
        source = config.get('weights') or _checkpoint(config)
        if source:
            licence = _licence(str(name), str(source))
            told = _told(str(source))
            found.append(Pretrained(role, str(name), told, licence))
    return found


def _checkpoint(config: Mapping[str, Any]) -> Any:
    """Of OpenMMLab's `init_cfg`."""
    init = config.get('init_cfg')
    init = init if isinstance(init, Mapping) else {}
    return init.get('checkpoint') or config.get('pretrained')


def _told(source: str) -> str:
    """Without the folders of somebody's machine, and without keys."""
    if '://' in source:
        return source.partition('?')[0].rpartition('@')[2]
    return PurePath(source).name


def _licence(name: str, source: str) -> str:
    if source == 'timm':
        import timm

        known = timm.get_pretrained_cfg(name, allow_unregistered=False)
        return getattr(known, 'license', None) or NOT_KNOWN
    if source.startswith('package://'):
        package = source.removeprefix('package://').partition('/')[0]
        try:
            about = metadata(package.replace('_', '-'))
        except PackageNotFoundError:
            return NOT_KNOWN
        # One of the three, by the age of what built the package.
        texts = [
            line.rpartition('::')[2].strip()
            for key in ('License-Expression', 'License', 'Classifier')
            for line in about.get_all(key) or ()
            if key != 'Classifier' or line.startswith('License')
        ]
        short = [t for t in texts if t and t != 'UNKNOWN' and len(t) < 60]
        return f'{short[0]}, says the package' if short else NOT_KNOWN
    return NOT_KNOWN


def write_card(
    name: str,
    config: Mapping[str, Any],
    pretrained: list[Pretrained],
    figures: Mapping[str, float],
    license: str | None = None,
) -> str:
    """The text of README.md, with the header that the hub reads.

    Args:
        name: of the model, its title.
        config: what `config.json` holds.
        pretrained: weights that the training started from.
        figures: metric -> value on the data that it was validated on.
        license: of the new weights, where their author says it.

    Raises:
        ValueError: a figure that is no number, or a text of several lines.
    """
    for text in (name, license or ''):
        if not text.isprintable():
            raise ValueError(f'{text!r:.60}: wanted one line of text')
    return '\n'.join(
        [
            *_header(config, license),
            f'# {name}',
            '',
            f'{_task(config)}, by xnet_mm {config["versions"]["xnet_mm"]}.',
            '',
            '```python',
            'import xnet_mm',
            "model = xnet_mm.load('FOLDER_OR_HUB_NAME')",
            "model('photo.jpg').save('out')",
            '```',
            '',
            *_data(config),
            *_figures(figures),
            *_licences(pretrained, license),
        ]
    )


def _header(config: Mapping[str, Any], license: str | None) -> Iterator[str]:
    is_depth, is_seg = 'max_depth' in config, 'classes' in config
    yield from ('---', 'library_name: xnet_mm')
    tag = 'depth-estimation' if is_depth and not is_seg else None
    yield f'pipeline_tag: {tag or "image-segmentation"}'
    yield f'license: {_yaml(license or "unknown")}'
    yield from ('---', '')


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _task(config: Mapping[str, Any]) -> str:
    words = []
    if config.get('max_depth') is None or config.get('classes'):
        words.append('Semantic segmentation')
    if config.get('max_depth') is not None:
        words.append('monocular metric depth')
    return ' and '.join(words).capitalize()


def _data(config: Mapping[str, Any]) -> Iterator[str]:
    yield from ('## Data', '')
    classes = config.get('classes')
    if classes:
        shown = ', '.join(classes[:MOST_CLASSES])
        more = ', ...' if len(classes) > MOST_CLASSES else ''
        yield f'- {len(classes)} classes: {shown}{more}'
    depth = config.get('max_depth')
    if depth is not None:
        yield f'- depth up to {depth:g} m'
        protocol = config.get('protocol') or NOT_KNOWN
        yield f'- protocol of its evaluation: {protocol}'
    if classes is None and depth is None:
        yield '- the checkpoint did not name its classes'
    yield f'- images of {config["channels"]} channels'
    yield ''


def _figures(figures: Mapping[str, float]) -> Iterator[str]:
    yield from ('## Figures', '')
    if not figures:
        yield from ('Not known.', '')
        return
    yield from ('| metric | value |', '| --- | --- |')
    for key, value in figures.items():
        if not is_finite_number(value) or not str(key).isprintable():
            raise ValueError(
                f'figures[{key!r:.40}]={value!r:.40}, wanted a finite number'
            )
        yield f'| {key} | {float(value):.6g} |'
    yield from ('', 'On its validation data, as its log or its author says.')
    yield ''


def _licences(
    pretrained: list[Pretrained], license: str | None
) -> Iterator[str]:
    yield from ('## Licence of the weights', '')
    yield license or 'Not known: ask whoever trained them.'
    yield ''
    if pretrained:
        yield 'The training started from weights with licences of their own:'
        yield ''
        for p in pretrained:
            yield f'- {p.role}: `{p.model}` ({p.source}): {p.licence}'
        yield ''
