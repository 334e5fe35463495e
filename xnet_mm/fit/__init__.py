"""From a folder of pictures to a trained model."""

from .run import fit
from .tool import StoppedError
from .understand import understand

__all__ = ['StoppedError', 'fit', 'understand']
