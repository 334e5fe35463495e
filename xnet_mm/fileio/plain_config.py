"""Configs that MMEngine wrote, read as the data they are.

`Config.dump` and `pretty_text` write Python, and reading it back by
`Config.fromfile` runs it. A config that is found beside somebody's run or in
somebody's checkpoint is a stranger's file: here its assignments of literals
are read, anything else is an error.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmengine.utils import get_object_from_string

# Whose classes a config of somebody else may name, and whose modules it may
# import. Not all of PyTorch: it has classes that compile what they are given.
PACKAGES = ('xnet_mm', 'mmseg', 'mmcv', 'mmengine', 'mmpretrain', 'mmdet')
TORCH = ('torch.nn.', 'torch.optim.')
# The keys whose value MMEngine imports and calls.
CALLED = ('type', 'constructor', 'runner_type')
# Options by which a class calls `pickle` itself, and with which values: of
# MMSegmentation's readers of biomedical images, of MMPretrain's RAM.
UNPICKLED = dict(decode_backend=('pickle',), tag_list=(), tag_list_chinese=())
DEEPEST = 60
LARGEST = 10_000_000


def read_plain_config(path: str | Path) -> dict[str, Any]:
    """What `Config.dump` wrote, without running it.

    Raises:
        ValueError: it says more than values; with the line.
    """
    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise ValueError(f'{path}: too large for a config that was dumped.')
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: no text ({error}).') from error
    return parse_plain_config(text, str(path))


def parse_plain_config(text: str, name: str) -> dict[str, Any]:
    """The values that a dumped config assigns.

    Args:
        text: Of the config: `NAME = VALUE` lines, where a value is a literal
            or `dict(key=value)`.
        name: Where it is from, for errors.

    Raises:
        ValueError: it says more than that; with the line.
    """
    if len(text) > LARGEST or _depth(text) > DEEPEST:
        raise ValueError(
            f'{name}: no config that was dumped, nested too deep.'
        )
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line = getattr(error, 'lineno', None) or 1
        raise ValueError(
            f'{name}, line {line}: not a config as MMEngine dumps it '
            f'({str(error)[:80]}).'
        ) from error
    lines = text.splitlines()
    values = {}
    for statement in statements:
        if not isinstance(statement, ast.Assign) or not (
            len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            raise _code(statement, name, lines)
        values[statement.targets[0].id] = _value(statement.value, name, lines)
    return values


def _depth(text: str) -> int:
    """At most as deep as this are the brackets, or signs in a row.

    Counted in the text, because Python's own parser may fall over.
    """
    depth = deepest = 0
    for character in text:
        if character in '([{':
            depth += 1
            deepest = max(deepest, depth)
        elif character in ')]}':
            depth -= 1
    signs = re.search(rf'(?:[-+~]\s*|\bnot\s+){{{DEEPEST}}}', text)
    return DEEPEST + 1 if signs else deepest


def _value(node: ast.expr, name: str, lines: list[str]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in ('inf', 'nan'):
        return float(node.id)  # as `repr` has them
    if isinstance(node, ast.List):
        return [_value(n, name, lines) for n in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(n, name, lines) for n in node.elts)
    if isinstance(node, ast.Set):
        return {_literal(n, name, lines) for n in node.elts}
    if isinstance(node, ast.Dict) and all(node.keys):
        return {
            _literal(k, name, lines): _value(v, name, lines)  # type: ignore[arg-type]
            for k, v in zip(node.keys, node.values, strict=True)
        }
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, name, lines)
        if isinstance(number, int | float):
            return -number
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        names = [k.arg for k in node.keywords]
        if node.func.id == 'dict' and not node.args and all(names):
            return {k.arg: _value(k.value, name, lines) for k in node.keywords}
        if (  # of a dict whose keys are no names
            node.func.id == 'dict'
            and len(node.args) == 1
            and not names
            and isinstance(node.args[0], ast.Dict)
        ):
            return _value(node.args[0], name, lines)
        if node.func.id == 'float' and len(node.args) == 1 and not names:
            text = _value(node.args[0], name, lines)
            if text in ('inf', '-inf', 'nan'):
                return float(text)
    raise _code(node, name, lines)


def _literal(node: ast.expr, name: str, lines: list[str]) -> Any:
    value = _value(node, name, lines)
    try:
        hash(value)
    except TypeError:
        raise _code(node, name, lines) from None
    return value


def _code(
    node: ast.stmt | ast.expr, name: str, lines: list[str]
) -> ValueError:
    line = lines[node.lineno - 1].strip()
    return ValueError(
        f'{name}, line {node.lineno}: {line[:60]!r} is more than a value. '
        'Here only a config that MMEngine dumped is read (NAME = literal), '
        'and it is never run.'
    )


def foreign_names(config: Any) -> Iterator[str]:
    """What building from a config would import from outside, or unpickle.

    MMEngine imports what a `type` with dots names, and calls it:
    `dict(type='os.system', command=...)`. Allowed are classes that one of
    the packages defines, and names in their registries. What is read by
    MMEngine's `load` is no danger: see `pickle_handler`.
    """
    if isinstance(config, dict):
        for key in CALLED:
            kind = config.get(key)
            if isinstance(kind, str) and '.' in kind and not _is_class(kind):
                yield f'{key}={kind!r:.60}'
        for key, values in UNPICKLED.items():
            if key in config and config[key] in (values or (config[key],)):
                yield f'{key}={config[key]!r:.60}, which is unpickled'
        imports = config.get('custom_imports')
        if isinstance(imports, dict):
            modules = imports.get('imports') or []
            for module in [modules] if isinstance(modules, str) else modules:
                if not _is_known(str(module)):
                    yield f'custom_imports of {module!r:.60}'
        config = list(config.values())
    if isinstance(config, list | tuple):
        for child in config:
            yield from foreign_names(child)


def _is_known(name: str) -> bool:
    return name.split('.')[0] in PACKAGES


def _is_class(name: str) -> bool:
    if not re.fullmatch(r'\w+(\.\w+)+', name):
        return False
    if not _is_known(name) and not name.startswith(TORCH):
        return False
    found = get_object_from_string(name)
    if found is None:  # `scope.Name` in a registry, or nothing at all
        return name.count('.') == 1
    return isinstance(found, type) and (
        _is_known(found.__module__) or found.__module__.startswith(TORCH)
    )


def drop_foreign_configs(checkpoint: dict, name: str) -> None:
    """Take those configs out that MMEngine would execute and that are code.

    Runner.resume executes `meta['config']`, and MMEngine's inferencers the
    config in `message_hub` or `meta['cfg']` where they are given none. What
    `meta['cfg']` said stays as `meta['unread_cfg']`, for comparing.
    """
    hub = checkpoint.get('message_hub') or {}
    info = hub.get('runtime_info')
    places: list[tuple[Any, str, str]] = [
        (checkpoint.get('meta'), 'config', "meta['config']"),
        (checkpoint.get('meta'), 'cfg', "meta['cfg']"),
        (info, 'cfg', "message_hub['runtime_info']['cfg']"),
    ]
    for place, key, where in places:
        if not isinstance(place, dict) or key not in place:
            continue
        problem = _problem(place[key])
        if problem:
            text = place.pop(key)
            if where == "meta['cfg']":
                place['unread_cfg'] = text
            print_log(
                f'{name}: {where} was left out, MMEngine would execute it: '
                f'{problem}',
                logger='current',
                level=30,
            )


def _problem(text: Any) -> str:
    if not isinstance(text, str):
        return f'it is a {type(text).__name__}, wanted the text of a config.'
    if '{{' in text:
        return 'it has `{{` (text that is replaced before it is read).'
    try:
        values = parse_plain_config(text, 'the text')
    except ValueError as error:
        return str(error)
    if '_base_' in values:
        return f'it inherits from {values["_base_"]!r:.60}.'
    foreign = list(foreign_names(values))
    return f'it names {", ".join(foreign[:4])}.' if foreign else ''
