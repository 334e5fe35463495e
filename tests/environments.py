"""An environment that pip and the importer are made to show."""

from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

from xnet_mm import check, stack


class Environment:
    """Simulates what pip lists and what can be imported."""

    def __init__(self, monkeypatch, versions, modules):
        self.versions, self.modules = versions, modules
        monkeypatch.setattr(stack, 'version', self.version)
        for module in (stack, check):
            monkeypatch.setattr(module, 'find_spec', self.find_spec)

    def version(self, name):
        if name not in self.versions:
            raise PackageNotFoundError(name)
        return self.versions[name]

    def find_spec(self, name):
        openmmlab = name.split('.')[0] in stack.NAMES
        if openmmlab or name == 'pkg_resources':
            return 'a spec' if name in self.modules else None
        return find_spec(name)


ONEDL = dict.fromkeys((n[0] for n in stack.NAMES.values()), '1.0')
UPSTREAM = dict.fromkeys((n[1] for n in stack.NAMES.values()), '2.0')
