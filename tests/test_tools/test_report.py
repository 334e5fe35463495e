"""tools/report.py: the figures of tools/test.py, and a user's mistakes."""

import json
import re

import pytest
from reported import make_run

KEYS = dict(
    segmentation=('mIoU', 'mAcc', 'aAcc', 'boundary_IoU', 'boundary_F1'),
    depth=('abs_rel', 'd1', 'rmse', 'silog', 'boundary_f1', 'dbe_accuracy'),
)
KEYS['both'] = KEYS['segmentation'] + KEYS['depth']


@pytest.mark.parametrize(
    'kind',
    [
        pytest.param(kind, marks=pytest.mark.heavy) if kind == 'both' else kind
        for kind in KEYS
    ],
)
def test_the_digits_of_a_test(tmp_path, run, kind, monkeypatch, capsys):
    folder = make_run(tmp_path, kind)
    config, checkpoint = folder / 'config.py', folder / 'best_x_iter_10.pth'
    run('test.py', config, checkpoint, '--work-dir', tmp_path / 'work')
    (log,) = (tmp_path / 'work').glob('*/*.json')
    tested = json.loads(log.read_text().splitlines()[-1])
    found = {}
    from xnet_mm.report import write

    measure = write.measure

    def spy(*args):
        measured = measure(*args)
        found.update(measured.figures)
        return measured

    monkeypatch.setattr(write, 'measure', spy)
    run('report.py', folder)
    page = folder / 'report.html'
    assert capsys.readouterr().out.splitlines()[-1] == str(page)
    assert set(KEYS[kind]) <= {*found}
    assert found == {key: tested[key] for key in found}
    text = page.read_text()
    assert (folder / 'report-pictures.jpg').read_bytes()[:2] == b'\xff\xd8'
    for key in ('mIoU', 'abs_rel'):
        if key in found:
            digits = 2 if key == 'mIoU' else 4
            assert f'<b>{tested[key]:.{digits}f}</b>' in text
    for section in re.findall(r'<a href="#(s\d+)"', text):
        assert f'id="{section}"' in text
    for word in ('<script', 'http://', 'https://', ' src="/', '<link'):
        assert word not in text


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('nowhere', r'nowhere: there is no such folder\. A report is made of'),
        ('file', r'file: is a file\. A report is made of the folder of a tra'),
        ('empty', r'empty: no config that a training dumped .* A report is m'),
        ('young', r'young: no checkpoint \(best_\*\.pth, .*\)\. A report is '),
    ],
)
def test_no_such_run(tmp_path, run, name, message):
    (tmp_path / 'file').touch()
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'young').mkdir()
    (tmp_path / 'young/config.py').write_text('model = dict()\n')
    with pytest.raises(SystemExit, match=message) as error:
        run('report.py', tmp_path / name, '--out', tmp_path / 'page.html')
    assert 'load(' not in str(error.value)
    assert not [*tmp_path.glob('page*')]
