"""The metafiles: one entry a config, and what its name says."""

import re
from pathlib import Path

import pytest
import yaml
from metafiles import CONFIGS, ENTRIES, ROOT, tool


def test_each_leaf_has_one_entry_and_each_entry_a_leaf():
    listed = [entry['Config'] for entry in ENTRIES]
    assert len(set(listed)) == len(listed)
    assert {f'configs/{c}' for c in tool.list_leaves()} == set(listed)
    for entry in ENTRIES:
        assert (ROOT / entry['Config']).is_file()
        assert entry['Name'] == Path(entry['Config']).stem
    names = [entry['Name'] for entry in ENTRIES]
    assert len(set(names)) == len(names)


def test_index_imports_every_metafile_and_names_every_collection():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    files = sorted(CONFIGS.rglob('metafile.yml'))
    assert index['Import'] == [f.relative_to(ROOT).as_posix() for f in files]
    collections = [c['Name'] for c in index['Collections']]
    assert {e['In Collection'] for e in ENTRIES} == set(collections)
    assert len(set(collections)) == len(collections)
    for collection in index['Collections']:
        assert (ROOT / collection['README']).is_file()


@pytest.mark.parametrize('entry', ENTRIES, ids=lambda entry: entry['Name'])
def test_metadata_are_those_of_the_name(entry):
    # test_every_config.py holds the config to its name.
    gpus, batch, accum, iters, height, width = re.search(
        r'_(\d+)xb(\d+)-(?:accum(\d+)-|fsdp-)?(\d+k?)_[a-z0-9-]+-(\d+)x(\d+)',
        entry['Name'],
    ).groups()
    data = entry['Metadata']
    assert data['Batch Size'] == int(gpus) * int(batch) * int(accum or 1)
    assert data['Iterations'] == int(iters.replace('k', '000'))
    assert data['Crop Size'] == f'{height}x{width}'
    counted = {'Parameters (M)', 'GMACs'} & set(data)
    assert len(counted) == 2


INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())


@pytest.mark.parametrize(
    'entry', [*INDEX['Collections'], *ENTRIES], ids=lambda e: e['Name']
)
def test_mim_can_print_and_find_the_entry(entry):
    for key, value in entry.get('Metadata', {}).items():
        values = value if isinstance(value, list) else [value]
        # It puts lists to lower case, and looks at their first.
        kinds = str if isinstance(value, list) else str | int | float
        assert values, key
        assert all(isinstance(v, kinds) for v in values), (key, value)
        assert not isinstance(value, bool)
    for result in entry.get('Results', []):
        assert isinstance(result['Dataset'], str)
        metrics = result['Metrics'].values()
        assert all(isinstance(v, str | int | float) for v in metrics)
    if 'Config' in entry:  # `mim search --config` puts names to lower case
        assert entry['Name'] == entry['Name'].lower()
