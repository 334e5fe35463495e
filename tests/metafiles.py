"""What the tests of the configs' table read, and the tool itself."""

from importlib.util import module_from_spec, spec_from_file_location

import yaml
from config_files import CONFIGS, ROOT

TOOL = ROOT / 'tools/config_table.py'
spec = spec_from_file_location('config_table', TOOL)
tool = module_from_spec(spec)
spec.loader.exec_module(tool)

# Every entry of every metafile, also where two name one config.
ENTRIES = [
    entry
    for path in sorted(CONFIGS.rglob('metafile.yml'))
    for entry in yaml.safe_load(path.read_text())['Models']
]
PAPER = tool.read_tables()


def entry_of(config: str) -> dict:
    """The entry of a config, given below configs/."""
    (found,) = [e for e in ENTRIES if e['Config'] == f'configs/{config}']
    return found
