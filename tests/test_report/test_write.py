"""From a run's folder to its page: hostile names, missing parts, faults."""

import re
import shutil
from html import unescape
from html.parser import HTMLParser

import cv2
import pytest
from reported import change_config, make_run, write_log

from xnet_mm.report import write, write_report

HOSTILE = '"><script>alert(1)</script>'
IMAGE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope='module')
def original(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp('original'))


@pytest.fixture
def run(original, tmp_path):
    """A run that may be changed, with its data."""
    shutil.copytree(original.parent, tmp_path / 'copy')
    folder = tmp_path / 'copy/run'
    data = str(tmp_path / 'copy/data')
    change_config(
        folder,
        **{
            f'{split}_dataloader.dataset.data_root': data
            for split in ('train', 'val', 'test')
        },
    )
    return folder


def section(page, name):
    """The HTML of a section."""
    start = page.index(f'<h2>{name}</h2>')
    return page[start : page.index('</section>', start)]


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found, self.handlers, self.sources = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith('on')]
        self.sources += [v for name, v in attrs if name in ('src', 'href')]


def test_hostile_names_are_shown_and_do_nothing(run, tmp_path):
    names = {
        f'{split}_dataloader.dataset.metainfo': dict(
            classes=(HOSTILE, '$\\frac', 'c')
        )
        for split in ('train', 'val', 'test')
    }
    change_config(run, **names)
    for folder in ('images/val', 'labels/val', 'images/train', 'labels/train'):
        path = run.parent / 'data' / folder
        (path / '0.png').rename(path / f'{IMAGE}.png')
    hostile = run.with_name(HOSTILE.replace('/', ''))
    run.rename(hostile)
    out = write_report(hostile, tmp_path / 'p.html', notes=[HOSTILE, 'plain'])
    page = out.read_text()
    tags = Tags(page)
    assert 'script' not in tags.found
    assert not tags.handlers
    assert {s.partition(':')[0] for s in tags.sources} == {
        'data',
        *(f'#s{i}' for i in range(9)),
    }
    shown = unescape(page)
    for name in (HOSTILE, f'{IMAGE}.png', '$\\frac'):
        assert name in shown
    assert '<li>plain</li>' in page


def test_logs_of_resumed_runs_are_joined(run, tmp_path, monkeypatch):
    write_log(run, '20260102_000000', range(10, 30), validated=20)
    logs = []
    plain = write.sections

    def spy(report):
        logs.append(report.log)
        return plain(report)

    monkeypatch.setattr(write, 'sections', spy)
    file = write_report(run, tmp_path / 'p.html', title='<One> name')
    page = file.read_text()
    assert '<title>&lt;One&gt; name' in page
    (log,) = logs
    assert [*log.losses] == [*range(1, 30)]
    curves = section(page, 'Learning curves')
    assert curves.count('<img') == 4  # loss, rate, a figure of each task
    assert 'iteration 10. Runs that were resumed are joined' in curves
    assert 'mIoU ↑ 12.34 at iteration 10' in page


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (None, 'Not shown: there is no log (*/vis_data/scalars.json) in'),
        ('nonsense\n{}', 'scalars.json, line 1: wanted JSON, got'),
        ('{"step": 1, "mIoU": 2}\n', 'iteration 10. Runs'),
        ('{"step": 1}\n', 'Not shown: the log holds no loss and no figure.'),
    ],
)
def test_a_log_that_says_little(run, tmp_path, content, words):
    (log,) = run.glob('*/vis_data/scalars.json')
    if content is None:
        log.unlink()
    else:
        log.write_text(content)
    page = write_report(run, tmp_path / 'p.html').read_text()
    assert words in unescape(section(page, 'Learning curves'))


def test_training_data_that_are_gone(run, tmp_path):
    shutil.rmtree(run.parent / 'data/images/train')
    page = write_report(run, tmp_path / 'p.html').read_text()
    words = section(page, 'Training data')
    assert 'Not shown: none of the training images can be read' in words or (
        'Not shown: the training data of this run cannot be opened' in words
    )
    assert '<h2>Classes</h2>' in page


def broken_data(run):
    shutil.rmtree(run.parent / 'data')


def broken_image(run):
    (run.parent / 'data/images/val/3.png').write_bytes(b'\x89PNG\r\n\x1a\n')


def broken_checkpoint(run):
    (run / 'best_x_iter_10.pth').write_bytes(b'no weights')


def two_best(run):
    shutil.copy(run / 'best_x_iter_10.pth', run / 'best_y_iter_10.pth')


def code_in_config(run):
    with (run / 'config.py').open('a') as file:
        file.write('\nimport os\n')


def foreign_class(run):
    change_config(run, custom_hooks=[dict(type='os.system', command='x')])


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (broken_data, 'the validation data of this run cannot be opened: .*P'),
        (broken_image, r'images/val/3\.png'),
        (broken_checkpoint, r'best_x_iter_10\.pth'),
        (two_best, r'best checkpoints by . and by .; wanted one\. A report '),
        (code_in_config, r"'import os' is more than a value.* A report is m"),
        (foreign_class, r"names type='os\.system', which would run code.*A "),
    ],
)
def test_a_fault_and_nothing_written(run, tmp_path, spoil, message):
    spoil(run)
    with pytest.raises((ValueError, OSError), match=f'(?s){message}') as error:
        write_report(run, tmp_path / 'out/p.html')
    assert 'load(' not in str(error.value)
    assert not (tmp_path / 'out').exists()


def test_the_picture_lies_beside_the_page(run, tmp_path):
    out = write_report(run, tmp_path / 'new/my.page.html')
    names = {path.name for path in out.parent.iterdir()}
    assert names == {'my.page.html', 'my.page-pictures.jpg'}
    picture = cv2.imread(str(out.parent / 'my.page-pictures.jpg'))
    assert picture.shape[1] > 1300
    assert 'my.page-pictures.jpg' in section(
        out.read_text(), 'A picture to share'
    )


def test_the_worst_images_with_their_pictures(run, tmp_path):
    page = write_report(run, tmp_path / 'p.html').read_text()
    worst = section(page, 'The worst images')
    assert worst.count('<div class="row">') == 5
    assert worst.count('<img') == 20
    figures = [float(x) for x in re.findall(r'mIoU ([\d.]+) over', worst)]
    assert figures == sorted(figures)
