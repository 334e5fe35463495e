"""tools/evaluate.py on another program's files, and tools/test.py."""

import json

import pytest
from tiny_depth import write_run


def test_the_same_digits_as_a_test_by_config(tmp_path, run):
    data = tmp_path / 'data'
    config, checkpoint = write_run(data)
    work, out = tmp_path / 'work', tmp_path / 'out'
    run('test.py', config, checkpoint, '--work-dir', work)
    (log,) = work.glob('*/*.json')
    tested = json.loads(log.read_text().splitlines()[-1])
    run(
        *('predict.py', config, checkpoint, data / 'rgb', '--npy'),
        *('--out-dir', tmp_path / 'predicted'),
    )
    (npy,) = {
        p.parents[1] for p in (tmp_path / 'predicted').rglob('[ab]/*.npy')
    }
    run(
        *('evaluate.py', npy, data / 'depth', '--out', out),
        *('--protocol', 'custom', '--max-depth', 10),
    )
    figures = json.loads((out / 'card.json').read_text())['figures']
    judged = figures['metric']
    assert len(judged) == 10
    assert judged == {key: tested[key] for key in judged}
    # The truth is 4/5 of what the model says.
    assert judged['abs_rel'] == pytest.approx(0.25, abs=1e-3)
    assert figures['median']['abs_rel'] < 1e-3
