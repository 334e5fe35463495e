"""YAML as data: MMEngine's own handler builds whatever Python object it names.

Ours goes to MMEngine's extension point `register_handler`, so all its reading
of `.yml` and `.yaml` in this process is by it: `Config.fromfile` too.
"""

import re
from typing import Any

import yaml
from mmengine.fileio import register_handler
from mmengine.fileio.handlers.yaml_handler import YamlHandler

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

DEEPEST = 100
MOST_NODES = 1_000_000


class PlainLoader(SafeLoader):
    """Plain data, and the tuples that MMEngine's dump writes."""

    def get_single_node(self) -> Any:
        """The tree of a document that does not grow as its names are read.

        Raises:
            YAMLError: names of names of names.
        """
        root = super().get_single_node()
        if root is not None:
            _count(root, {}, ())
        return root


def _count(node: Any, sizes: dict[int, int], above: tuple[int, ...]) -> int:
    if id(node) in above or len(above) > DEEPEST:
        raise yaml.constructor.ConstructorError(
            None, None, 'it is nested too deep or in itself', node.start_mark
        )
    if id(node) not in sizes:
        inner: list[Any] = []
        if isinstance(node, yaml.SequenceNode):
            inner = node.value
        elif isinstance(node, yaml.MappingNode):
            inner = [n for pair in node.value for n in pair]
        size = 1 + sum(_count(n, sizes, (*above, id(node))) for n in inner)
        if size > MOST_NODES:
            raise yaml.constructor.ConstructorError(
                None, None, 'its names stand for too much', node.start_mark
            )
        sizes[id(node)] = size
    return sizes[id(node)]


def _tuple(loader: Any, node: Any) -> tuple:
    return tuple(loader.construct_sequence(node, deep=True))


def _refuse(loader: Any, suffix: str, node: Any) -> None:
    raise yaml.constructor.ConstructorError(
        None,
        None,
        f'the tag !!python/{suffix} makes a Python object, which can run '
        'code: only plain data is read. Write it as numbers, texts, lists '
        'and mappings, or the config as .py',
        node.start_mark,
    )


PYTHON = 'tag:yaml.org,2002:python/'
PlainLoader.add_constructor(f'{PYTHON}tuple', _tuple)
PlainLoader.add_multi_constructor(PYTHON, _refuse)


class PlainYamlError(ValueError):
    """No YAML, or more than data.

    Args:
        name: of the file, as far as it is known.
        problem: what is wrong, from a punctuation mark on.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f'{name}{problem}')
        self.problem = problem


class PlainYamlHandler(YamlHandler):
    """Reads plain data; writes as MMEngine's."""

    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        """The data of a file.

        Raises:
            PlainYamlError: no YAML, or more than data; with the line.
        """
        if 'Loader' in kwargs:  # somebody's own decision
            return super().load_from_fileobj(file, **kwargs)
        text = file.read()
        name = getattr(file, 'name', 'the file')
        if _is_deep(text if isinstance(text, str) else text.decode('utf-8')):
            raise PlainYamlError(name, ': nested too deep for a config.')
        try:
            return yaml.load(text, Loader=PlainLoader)
        except yaml.YAMLError as error:
            raise PlainYamlError(name, _where(error)) from error


def install_plain_yaml() -> None:
    """Put our handler in the place of MMEngine's, for this process."""
    register_handler(['yaml', 'yml'])(PlainYamlHandler)


def _is_deep(text: str) -> bool:
    """Whether the parser itself, in C, could run out of stack."""
    depth = deepest = 0
    for character in re.findall(r'[\[\]{}]', text):
        depth += 1 if character in '[{' else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST or bool(
        re.search(rf'(?:[-?:]\s+){{{DEEPEST}}}', text)
    )


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, 'problem_mark', None)
    line = f', line {mark.line + 1}' if mark else ''
    problem = getattr(error, 'problem', None) or str(error)
    return f'{line}: {problem}'
