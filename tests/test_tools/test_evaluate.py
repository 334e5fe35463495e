"""The command line from end to end."""

import json

import numpy as np
import pytest
from judged import millimetres, save, save_scenes, scene
from parsers import parse
from tool_runs import run_tool

DEPTH = ('p', 't', '--protocol', 'ddad')
DISPARITY = ('--prediction-space', 'disparity')
LABELS = ('p', 't', '--labels', '--classes', 'c.txt')


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(monkeypatch, *argv):
    run_tool(monkeypatch, 'evaluate.py', *argv, '--workers', 1)


def card(out='evaluation'):
    with open(f'{out}/card.json') as file:
        return json.load(file)


def test_depth(tmp_path, monkeypatch, capsys):
    save_scenes(tmp_path, {n: scene(i, (60, 90)) for i, n in enumerate('ab')})
    run(monkeypatch, *DEPTH)
    said = capsys.readouterr().out
    assert 'Depth by protocol ddad (DDAD, GEDepth)' in said
    assert 'Written to evaluation: card.json, images.csv, worst.png' in said
    first = card()['figures']['metric']
    for name in 'ab':
        values = np.load(f'p/{name}.npy')
        save(f'q/{name}.npy', values * np.float32(512))
        save(f'u/{name}.png', millimetres(np.load(f't/{name}.npy')))
    run(
        *(monkeypatch, 'q', 't', '--protocol', 'ddad', '--out', 'x/y'),
        *('--prediction-scale', 512),
    )
    assert card('x/y')['figures']['metric'] == first
    assert card('x/y')['predictions']['scale'] == 512
    run(monkeypatch, 'p', 'u', '--protocol', 'ddad', '--truth-scale', 1000)
    assert card()['figures']['metric'] == pytest.approx(first, rel=1e-3)


def test_custom_protocol(tmp_path, monkeypatch):
    save_scenes(tmp_path, dict(a=scene(0, (60, 90))))
    run(
        *(monkeypatch, 'p', 't', '--protocol', 'custom', '--min-depth', 1),
        *('--max-depth', 8, '--crop', 0, 30, 10, 50, '--no-clamp'),
    )
    found = card()['protocol']
    assert (found['min_depth'], found['max_depth']) == (1, 8)
    assert found['crop'] == [0, 30, 10, 50] and found['clamp'] is None


def test_a_list_alone(tmp_path, monkeypatch):
    save_scenes(tmp_path, dict(a=scene(0, (60, 90))))
    (tmp_path / 'pairs.txt').write_text('p/a.npy t/a.npy')
    run(monkeypatch, 'pairs.txt', '--protocol', 'ddad')
    assert [*card()['lists']] == ['pairs.txt']


def test_disparities(tmp_path, monkeypatch, capsys):
    """Their scale and shift are unknown: the truth's own are found."""
    _, gt = scene(0, (60, 90))
    known = np.where(gt > 0, gt, 5)
    save('t/a.npy', gt)
    save('p/a.npy', 7 / known - 3)
    save('q/a.npy', 80 / known)
    run(monkeypatch, *DEPTH, *DISPARITY)
    said = capsys.readouterr().out
    assert 'predictions: disparities, 1/d up to an unknown scale' in said
    figures = card()['figures']
    assert set(figures['metric'].values()) == {None}
    assert set(figures['scale_shift'].values()) == {None}
    assert figures['scale_shift_disparity']['abs_rel'] < 1e-5
    assert figures['boundary']['boundary_f1'] > 0.99
    assert card()['predictions']['space'] == 'disparity'
    run(
        *(monkeypatch, 'q', *DEPTH[1:], '--prediction-scale', 80),
        *('--prediction-space', 'inverse_depth'),
    )
    figures = card()['figures']
    for name in ('metric', 'median', 'scale_shift', 'scale_shift_disparity'):
        assert figures[name]['abs_rel'] < 1e-5


def test_turned_truth(tmp_path, monkeypatch, capsys):
    pred, gt = scene(0, (60, 90))
    mm = millimetres(gt)
    save('p/a.npy', pred)
    save('t/a.png', (mm << 3) | (mm >> 13))
    argv = ('p', 't', '--protocol', 'sun_rgbd')
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *argv)
    assert 'Give --truth-encoding rotate3' in str(stop.value)
    run(monkeypatch, *argv, '--truth-encoding', 'rotate3')
    turned = card()['figures']['metric']
    save('t/a.png', mm)
    run(monkeypatch, *argv, '--truth-encoding', 'plain')
    assert card()['figures']['metric'] == turned


def test_labels(tmp_path, monkeypatch, capsys):
    ids = np.resize(np.uint8([1, 2, 0]), (20, 30))
    save('p/a.png', ids)
    save('t/a.png', ids)
    (tmp_path / 'c.txt').write_text('road\ngrass\n')
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *LABELS)
    assert 'p/a.png: holds id 2, but there are 2 classes' in str(stop.value)
    save('p/a.png', np.where(ids, ids, 1).astype(np.uint8))
    run(monkeypatch, *LABELS, '--reduce-zero-label')
    assert card()['figures']['mIoU'] == 100
    run(monkeypatch, *LABELS[:-1], 'ade20k')
    assert card()['figures']['mIoU'] == 100
    assert 'Written to evaluation: card.json, images.csv, confusion.csv' in (
        capsys.readouterr().out
    )


def test_mistakes_are_a_sentence_and_status_1(tmp_path, monkeypatch):
    save_scenes(tmp_path, {n: scene(i, (60, 90)) for i, n in enumerate('ab')})
    (tmp_path / 'p/b.npy').unlink()
    for argv, said in (
        (DEPTH, '1 file without a partner:\n  t/b.npy: no prediction\nMend'),
        (('x', *DEPTH[1:]), 'x: no such folder or list'),
        (('p', '--protocol', 'ddad'), 'p has no truth in it: give TRUTH'),
        (
            ('p', 't', '--protocol', 'custom'),
            "protocol 'custom' counts ground truth in",
        ),
        (
            (*DEPTH, '--max-depth', 5),
            'max_depth: fixed by protocol ddad. Leave it out',
        ),
        (('p', 't', *LABELS[2:-1], 'none'), '--classes none: no such file'),
    ):
        with pytest.raises(SystemExit) as stop:
            run(monkeypatch, *argv)
        assert str(stop.value).startswith(said), stop.value
    run(monkeypatch, *DEPTH, '--allow-missing')
    assert card()['left_out'] == [dict(file='t/b.npy', why='no prediction')]


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('p', 't'), '--protocol is needed for depth, --labels for classes'),
        (('p', 't', '--labels'), '--labels needs --classes: FILE, CONFIG or'),
        ((*LABELS, '--protocol', 'ddad'), '--protocol is for depth'),
        ((*LABELS, '--no-clamp'), '--no-clamp is for depth'),
        ((*DEPTH, '--classes', 'x'), '--classes is for label maps, --labels'),
        ((*DEPTH, '--ignore-index', '0'), '--ignore-index is for label maps'),
        (
            (*DEPTH, *DISPARITY, '--prediction-scale', '2'),
            '--prediction-scale: a disparity has no known scale',
        ),
        ((*LABELS, *DISPARITY), '--prediction-space is for depth'),
        (('p', 't', '--protocol', 'nyu'), "invalid choice: 'nyu'"),
    ],
)
def test_command_line(capsys, words, said):
    with pytest.raises(SystemExit) as stop:
        parse('evaluate.py', *words)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
