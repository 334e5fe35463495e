"""The table of all configs: README.md and the tool that writes it."""

import re
import runpy
import shutil
import subprocess
import sys

import pytest
import timm
import yaml
from metafiles import CONFIGS, ENTRIES, PAPER, TOOL, entry_of, tool

from xnet_mm.benchmark import metafile

LEAF = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
TEMPLATE = """# Table

<!-- table 9 -->

<!-- configs camvid/* -->
"""
FILLED = f"""# Table

| row | config | encoder | decoder | pre-training | M parameters | GMACs | \
paper: mIoU ↑ | published elsewhere, doubts | here |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| Rival | - | Swin-L | its own | - | - | - | 50.0 |  | - |
| Ours | [config]({LEAF}) | EfficientNet-Lite0 | EfficientNet-Lite0 | \
1k × 1k | 6.0 | 0.83 | **left out** | by us | mIoU 1.5 |

| config | encoder | decoder | pre-training | M parameters | GMACs | here |
| --- | --- | --- | --- | --- | --- | --- |
| [{LEAF[7:-3]}]({LEAF}) | EfficientNet-Lite0 | EfficientNet-Lite0 | \
1k × 1k | 6.0 | 0.83 | mIoU 1.5 |
"""


def test_readme_is_what_the_tool_writes():
    assert tool.find_faults() == ''


def test_links_lead_somewhere():
    links = re.findall(r'\]\(([^)]+)\)', (CONFIGS / 'README.md').read_text())
    paths = {x.partition('#')[0] for x in links if not x.startswith('http')}
    assert len(paths) > 60
    assert not [x for x in paths if not (CONFIGS / x).exists()]


@pytest.fixture
def tree(tmp_path):
    """A repository of one config, with its metafile and no README.md."""
    configs = tmp_path / 'configs'
    (configs / 'camvid').mkdir(parents=True)
    (configs / '_base_').symlink_to(CONFIGS / '_base_')
    (tmp_path / 'tools').mkdir()
    shutil.copy(TOOL, tmp_path / 'tools')
    shutil.copy(CONFIGS / LEAF, configs / 'camvid')
    entry = entry_of(LEAF)
    result = dict(Dataset='CamVid', Metrics=dict(mIoU=1.5))
    models = dict(Models=[{**entry, 'Results': [result]}])
    (configs / 'camvid/metafile.yml').write_text(yaml.safe_dump(models))
    rows = [
        dict(method='Rival', encoder='Swin-L', paper='50.0'),
        dict(method='Ours', elsewhere='by us', config=LEAF),
    ]
    tables = {9: dict(metrics=['mIoU ↑'], rows=rows)}
    (configs / 'paper_tables.yml').write_text(
        yaml.safe_dump({**PAPER, 'here': {}, 'tables': tables})
    )
    (configs / 'readme_template.md').write_text(TEMPLATE)
    return tmp_path


@pytest.fixture
def run(tree, monkeypatch):
    """The tool of that repository."""

    def run_tool(*args):
        monkeypatch.setattr(sys, 'argv', ['', *args])
        script = tree / 'tools/config_table.py'
        runpy.run_path(str(script), run_name='__main__')

    return run_tool


def test_write_then_check(tree, run):
    run()
    assert (tree / 'configs/README.md').read_text() == FILLED
    run('--check')


def test_check_shows_what_is_out_of_date(tree, run):
    readme = tree / 'configs/README.md'
    readme.write_text(FILLED.replace('| 6.0 | 0.83 | mIoU', '| 9 | 1 | mIoU'))
    new = FILLED.splitlines()[-1]
    old = new.replace('| 6.0 | 0.83 |', '| 9 | 1 |')
    with pytest.raises(SystemExit) as stop:
        run('--check')
    assert stop.value.code.splitlines() == [
        '--- configs/README.md',
        '+++ what tools/config_table.py would write',
        '@@ -7,4 +7,4 @@',
        ' ',
        ' | config | encoder | decoder | pre-training | M parameters | GMACs '
        '| here |',
        ' | --- | --- | --- | --- | --- | --- | --- |',
        f'-{old}',
        f'+{new}',
        'Then run: python tools/config_table.py',
    ]


def test_check_names_configs_without_entry_and_entries_without_config(
    tree, run
):
    (tree / 'configs' / LEAF).rename(tree / 'configs/camvid/new.py')
    with pytest.raises(SystemExit) as stop:
        run('--check')
    assert stop.value.code == (
        'configs/camvid/new.py: no entry in a metafile; run `python '
        "tools/config_table.py --count 'camvid/new.py'`\n"
        f'configs/{LEAF}: in a metafile, but no such file; run '
        '`python tools/config_table.py --count`\n'
        'Then run: python tools/config_table.py'
    )


def test_check_names_configs_in_no_table(tree, run):
    (tree / 'configs/readme_template.md').write_text('Nothing.\n')
    (tree / 'configs/README.md').write_text('Nothing.\n')
    with pytest.raises(
        SystemExit, match=r'in no table of readme_template\.md'
    ):
        run('--check')


def test_check_needs_no_torch():
    # A table that takes seconds to check is not checked.
    code = (
        'import runpy, sys; sys.modules["torch"] = None; '
        f'sys.argv = ["", "--check"]; runpy.run_path({str(TOOL)!r}, '
        'run_name="__main__")'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_count_keeps_results_and_drops_what_is_gone(tree, run):
    path = tree / 'configs/camvid/metafile.yml'
    (entry,) = yaml.safe_load(path.read_text())['Models']
    gone = dict(entry, Config='configs/camvid/gone.py')
    stale = dict(entry, Metadata={'GMACs': 5.0})
    path.write_text(yaml.safe_dump(dict(Models=[gone, stale])))
    run('--count', 'cam*')
    assert yaml.safe_load(path.read_text()) == dict(Models=[entry])
    assert (tree / 'configs/README.md').read_text() == FILLED


def test_count_of_nothing(run):
    message = r'--count nyu/\*: no config in .* matches; wanted a pattern'
    with pytest.raises(SystemExit, match=message):
        run('--count', 'nyu/*')


def test_what_cannot_be_built_here_is_not_counted(monkeypatch, capsys):
    def fail(cfg):
        raise ImportError('no mmdet')

    monkeypatch.setattr(metafile, 'count_config', fail)
    leaf = 'baselines/ade20k/mask2former_swin-l_8xb2-160k_ade20k-640x640.py'
    entry = metafile.describe(CONFIGS, leaf, PAPER)
    (known,) = [e for e in ENTRIES if e['Name'] == entry['Name']]
    for cost in ('Parameters (M)', 'GMACs'):
        assert cost not in entry['Metadata']
        entry['Metadata'][cost] = known['Metadata'][cost]
    assert entry == known
    del entry['Metadata']['Parameters (M)'], entry['Metadata']['GMACs']
    assert f'{leaf}: not counted. no mmdet' in capsys.readouterr().out
    cells = ['Swin-L', 'Mask2Former', '22k × 0', 'not counted', 'not counted']
    assert tool.costs(entry) == cells


def test_a_model_without_a_name():
    with pytest.raises(KeyError, match='resnet18 has no name: add it to'):
        metafile.name_part('resnet18', 'timm', PAPER)


@pytest.mark.parametrize(
    'number, text',
    [(0.123, '0.12'), (1.453, '1.45'), (12.34, '12.3'), (427.7, '428')],
)
def test_figures_are_short(number, text):
    assert tool.figure(number) == text


def test_every_weight_has_its_licence():
    """timm's as timm has them."""
    words = {
        'apache-2.0': 'Apache-2.0',
        'mit': 'MIT',
        'cc-by-nc-4.0': '**CC BY-NC 4.0**',
        'dinov3-license': '[DINOv3 License]',
    }
    assert {*PAPER['licences']} == {*PAPER['models'], *PAPER['weights']}
    text = (CONFIGS / 'README.md').read_text()
    found = []
    for name, licence in PAPER['licences'].items():
        assert f'| `{name}` | ' in text and licence in text
        if timm.is_model(name.split('.')[0]):
            found.append(name)
            wanted = words[timm.get_pretrained_cfg(name).license]
            assert licence.startswith(wanted), name
    assert len(found) == 12
