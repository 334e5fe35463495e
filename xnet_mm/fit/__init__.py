"""From a folder of pictures to a trained model."""

from .folder.understand import understand
from .run import fit
from .tool import StoppedError

__all__ = ['StoppedError', 'fit', 'understand']
