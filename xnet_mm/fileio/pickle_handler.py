"""Pickles that a config names, as data: MMEngine's own handler runs them.

Class weights (`class_weight='weights.pkl'` of MMSegmentation's losses) and
lists of samples (`ann_file`) are read by `mmengine.load`, also where a
stranger's `.yml` names the file. Ours goes to MMEngine's extension point
`register_handler`, as `yaml_handler` does.
"""

from typing import Any

from mmengine.fileio import register_handler
from mmengine.fileio.handlers.pickle_handler import PickleHandler

from .unpickling import read_plain_pickle


class PlainPickleHandler(PickleHandler):
    """Reads numbers, texts, containers, arrays; writes as MMEngine's."""

    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        """The data of a file.

        Raises:
            ValueError: no pickle, or one that asks for more than data.
        """
        try:
            return read_plain_pickle(file, **kwargs)
        except Exception as error:  # a hostile pickle raises anything
            what = 'is damaged, cut short, or something else'
            if 'Unsupported' in str(error):
                what = 'asks for more than data, to run code perhaps'
            raise ValueError(  # MMEngine hands over the bytes, and no name
                f'the pickle (.pkl) {what} ({type(error).__name__}: '
                f'{str(error)[:100]}). Only numbers, texts, containers and '
                'arrays are read; write these as .npy, .json or .yml'
            ) from error


def install_plain_pickle() -> None:
    """Put our handler in the place of MMEngine's, for this process."""
    register_handler(['pickle', 'pkl'])(PlainPickleHandler)
