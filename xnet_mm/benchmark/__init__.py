"""Speed of several models beside each other, on any machine."""

from .measure import measure
from .report import write_report
from .setting import Setting
from .subject import Subject, build_subject, build_subjects

__all__ = [
    'Setting',
    'Subject',
    'build_subject',
    'build_subjects',
    'measure',
    'write_report',
]
