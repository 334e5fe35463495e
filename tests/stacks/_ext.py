"""Stands for mmcv's compiled operators, put into an mmcv-lite.

`import mmseg.models` asks for them by name, and this package calls none.
"""


def __getattr__(name: str) -> object:
    if name.startswith('__'):
        raise AttributeError(name)

    def missing(*_: object, **__: object) -> None:
        raise NotImplementedError(f'{name}: this mmcv is not compiled.')

    return missing
