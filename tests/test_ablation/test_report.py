"""The report's picture and its numbers."""

import json

import pytest
from ablations import write_runs
from matplotlib.colors import to_hex

from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.report import draw, write_report
from xnet_mm.visualization.learning_curves import COLOURS


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_runs(tmp_path)


def test_files(runs, tmp_path):
    ablation = Ablation(runs, 'net_20_x')
    path = write_report(ablation, tmp_path / 'new', 'the command')
    assert path == tmp_path / 'new/report.md'
    assert path.read_text().startswith('# Ablation: new\n')
    numbers = json.loads(path.with_name('results.json').read_text())
    assert numbers['command'] == 'the command'
    assert numbers['baseline'] == 'net_20_x'
    assert numbers['iterations'] == dict.fromkeys(numbers['runs'], 20)
    assert numbers['unfinished'] == [
        dict(config='up_20_x', seed=0, iteration=10),
        dict(config='up_20_x', seed=2, iteration=0),
    ]
    assert numbers['spread']['net-a_20_x']['abs_rel'] == {
        'mean': pytest.approx(0.12),
        'std': pytest.approx(0.02),
        'n': 3,
    }
    assert path.with_name('curves.png').read_bytes()[:4] == b'\x89PNG'


def test_curves_and_dots(runs):
    figure = draw(Ablation(runs, 'net_20_x'))
    titles = [axis.get_title('left') for axis in figure.axes]
    assert titles == [
        'training loss',
        'abs_rel on validation',
        'abs_rel ↓',
        'd1 ↑',
    ]
    loss, validation, dots, _ = figure.axes
    assert [line.get_label() for line in loss.lines] == ['net-a', 'net', 'up']
    colours = [to_hex(line.get_color()).upper() for line in loss.lines]
    assert colours == list(COLOURS[:3])
    # Seeds 0, 1, 2 have losses 4, 5, 6 and then 2, 3, 4.
    assert loss.lines[0].get_xydata().tolist() == [[10, 5], [20, 3]]
    band = loss.collections[0].get_paths()[0].vertices
    assert {(10, 4), (10, 6), (20, 2), (20, 4)} <= set(map(tuple, band))
    means = [line.get_ydata()[-1] for line in validation.lines]
    assert means == pytest.approx([0.12, 0.16, 0.10])
    seeds = dots.collections[0].get_offsets()
    assert seeds.tolist() == [[0.10, 0], [0.14, 0], [0.12, 0]]
    bar = dots.collections[1].get_segments()[0]
    assert bar[:, 0] == pytest.approx([0.12, 0.12])
    assert dots.lines[0].get_xdata() == pytest.approx([0.16, 0.16])
    labels = [label.get_text() for label in dots.get_yticklabels()]
    assert labels == ['net-a', 'net', 'up']
    assert dots.get_ylim()[0] > dots.get_ylim()[1]  # the first on top
