"""A whole evaluation of label maps, and what is written."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from judged import save

from xnet_mm.judge.files import Files
from xnet_mm.judge.label_space import LabelSpace
from xnet_mm.judge.labels import evaluate_labels

SPACE = LabelSpace(('road', 'grass', 'other'), 'c.txt')


def label(*ids):
    return np.resize(np.array(ids, np.uint8), (30, 40))


def line_of(text, name):
    """The cells beside a name in the table."""
    (line,) = [x for x in text.splitlines() if x.startswith(f'| {name} ')]
    return line.split('|')[2:-1]


def maps(root):
    for name, pred, gt in (
        ('x/a', (0, 1), (0, 0)),
        ('b', (2, 2), (2, 255)),
        ('void', (1, 1), (255, 255)),
    ):
        save(root / f'p/{name}.png', label(*pred))
        save(root / f't/{name}.png', label(*gt))
    return Files(root / 'p', root / 't', root / 'out', workers=1)


def test_what_is_written(tmp_path, capsys):
    figures = evaluate_labels(maps(tmp_path), SPACE)
    said = capsys.readouterr().out
    assert '3 classes of c.txt: ids 0..2, ignored: 255' in said
    assert 'counted: 2 images, 1800 pixels' in said
    assert 'left out: 1 images' in said
    assert 'p/void.png: every pixel is ignored' in said
    assert [c.strip() for c in line_of(said, 'road')] == ['50.00'] * 2
    assert [c.strip() for c in line_of(said, 'grass')] == ['0.00', '-']
    # road 600 of 1200, grass 0 of 600, other 600 of 600.
    assert figures.overall['mIoU'] == 50
    assert figures.overall['mAcc'] == 75
    assert figures.overall['aAcc'] == pytest.approx(200 / 3)
    out = tmp_path / 'out'
    card = json.loads((out / 'card.json').read_text())
    assert card['task'] == 'labels'
    assert card['classes']['classes'] == ['road', 'grass', 'other']
    assert card['figures'] == figures.overall
    assert card['figures_by_class']['IoU'] == dict(road=50, grass=0, other=100)
    assert card['figures_by_class']['Acc']['grass'] is None
    assert card['predictions']['files'] == 3
    assert card['left_out'] == [
        dict(file=f'{tmp_path}/p/void.png', why='every pixel is ignored')
    ]
    rows = [*csv.reader((out / 'confusion.csv').open())]
    assert rows == [
        ['true', 'road', 'grass', 'other'],
        ['road', '600', '600', '0'],
        ['grass', '0', '0', '0'],
        ['other', '0', '0', '600'],
    ]
    images = [*csv.DictReader((out / 'images.csv').open())]
    assert [r['name'] for r in images] == ['b', 'void', 'x/a']
    assert [r['mIoU'] for r in images] == ['100.0', '', '25.0']
    assert images[1]['left_out'] == 'every pixel is ignored'
    assert cv2.imread(str(out / 'confusion.png')).std() > 10


def test_problems(tmp_path):
    files = maps(tmp_path)
    save(tmp_path / 'p/x/a.png', label(0, 9))
    with pytest.raises(ValueError, match=r'1 file that cannot .*:') as error:
        evaluate_labels(files, SPACE)
    assert 'p/x/a.png: holds id 9, but there are 3 cl' in str(error.value)
    (tmp_path / 'p/b.png').unlink()
    with pytest.raises(ValueError, match=r't/b.png: no prediction'):
        evaluate_labels(files, SPACE)
    assert not (tmp_path / 'out').exists()
    (tmp_path / 'p/void.png').unlink()
    allowing = Files(
        *(files.predictions, files.truth, files.out), allow_missing=True
    )
    with pytest.raises(ValueError, match=r'1 file that cannot be judged:'):
        evaluate_labels(allowing, SPACE)
    assert not Path(files.out).exists()
