"""All tables of cases, in the order in which they are tried."""

from importlib import import_module

from campaign.case import Case

# kind -> modules that hold its CASES.
TABLES = {
    'hostile': ('hostile', 'hostile_configs'),
    'saved': ('saved',),
    'judge': ('judge', 'judge_refusals'),
    'pairs': ('pairs',),
    'images': ('images', 'folders', 'image_sets'),
    'labels': ('labels', 'same_labels', 'label_outputs'),
    'depth': ('depth', 'depth_settings'),
    'options': ('options',),
    'damaged': ('damaged', 'damaged_texts'),
    'models': ('models',),
    'nan': ('nan',),
    'signals': ('signals', 'full_disks'),
    'kills': ('kills',),
}
KINDS = list(TABLES)


def list_cases() -> list[Case]:
    """Every case; no two have one name.

    Raises:
        ValueError: two have.
    """
    cases = [
        case
        for modules in TABLES.values()
        for module in modules
        for case in import_module(f'campaign.{module}').CASES
    ]
    names = [(case.kind, case.name) for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f'two cases are called the same: {twice}')
    return cases
