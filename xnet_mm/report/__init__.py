"""One page about one training: how well, where it errs, how it was made."""

from .write import write_report

__all__ = ['write_report']
