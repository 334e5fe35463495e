"""`xnet_mm.load` finds the model, and says what it took."""

import inspect
import json
import os
import shutil
import subprocess
import sys

import huggingface_hub
import pytest
import tiny
import torch
from environments import ONEDL, Environment
from shared_models import (
    KINDS,
    assert_same,
    edit,
    load_pair,
    picture,
    save_picture,
    write_pair,
)

import xnet_mm
from xnet_mm.prediction import load as module


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A run of two iterations, with a best checkpoint."""
    folder = tmp_path_factory.mktemp('run')
    tiny.train(folder)
    return folder


@pytest.fixture
def lines(monkeypatch):
    """What `load` says in the log."""
    found = []
    monkeypatch.setattr(
        module, 'print_log', lambda text, **_: found.append(text)
    )
    return found


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained / 'work', tmp_path / 'work')


def test_the_best_checkpoint_of_a_run(run, trained, lines):
    model = xnet_mm.load(run, device='cpu')
    assert (
        f'{run}/best_mIoU_iter_2.pth is taken, the best by mIoU, with '
        in (lines[0])
    )
    assert model.classes == ('class 0', 'class 1', 'class 2')
    pair = xnet_mm.load(
        trained / 'config.py', run / 'best_mIoU_iter_2.pth', device='cpu'
    )
    assert_same(model(picture()), pair(picture()))


def test_without_a_best_one_the_last(run, lines):
    (run / 'best_mIoU_iter_2.pth').unlink()
    model = xnet_mm.load(str(run), device='cpu')
    assert (
        f'{run}/iter_2.pth is taken, the last one, with config.py'
        in (lines[0])
    )
    assert model.source == str(run / 'iter_2.pth')


def test_the_example_of_the_readme_on_a_run(run, tmp_path, monkeypatch):
    from doc_examples import example_with

    shutil.copytree(run, tmp_path / 'work_dirs/demo/depth')
    save_picture(tmp_path / 'photo.jpg', picture())
    monkeypatch.chdir(tmp_path)
    example = example_with("work_dirs/demo/depth')")
    assert len(example.splitlines()) == 3
    exec(example, {})
    assert (tmp_path / 'out/labels/photo.png').is_file()


@pytest.mark.parametrize('kind', KINDS)
def test_saved_and_loaded_is_bit_for_bit_the_same(kind, tmp_path):
    model = load_pair(tmp_path / 'pair', kind)
    saved = model.save_pretrained(tmp_path / 'saved')
    again = xnet_mm.load(saved, device='cpu')
    for image in (picture(), picture(101, 67)):
        assert_same(model(image), again(image))
    assert (again.classes, again.max_depth) == (model.classes, model.max_depth)
    third = again.save_pretrained(tmp_path / 'third')
    for name in ('config.json', 'model.safetensors'):
        assert (saved / name).read_bytes() == (third / name).read_bytes()
    names = {'config.json', 'model.safetensors', 'README.md'}
    assert {p.name for p in third.iterdir()} == names


def test_no_weights_are_looked_for(tmp_path, monkeypatch):
    """The config names some that are not there, and some of the hub."""
    monkeypatch.setattr('timm.models._builder.load_pretrained', None)
    saved = load_pair(tmp_path, 'depth').save_pretrained(tmp_path / 's')
    text = (saved / 'config.json').read_text()
    for word in ('weights', 'no/such', 'loss', 'init', str(tmp_path)):
        assert word not in text
    xnet_mm.load(saved, device='cpu')


def test_a_name_of_the_hub(tmp_path, monkeypatch):
    """As the cache has it: links from snapshots/REVISION to blobs."""
    model = load_pair(tmp_path / 'pair', 'depth')
    saved = model.save_pretrained(tmp_path / 'saved')
    blobs = tmp_path / 'models--me--rooms/blobs'
    snapshot = tmp_path / 'models--me--rooms/snapshots/abc'
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for file in saved.iterdir():
        file.rename(blobs / file.name)
        (snapshot / file.name).symlink_to(f'../../blobs/{file.name}')
    asked = []

    def snapshot_download(name, allow_patterns):
        asked.append((name, allow_patterns))
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, 'snapshot_download',
                        snapshot_download)  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found = xnet_mm.load('me/rooms', device='cpu')
    assert asked == [
        ('me/rooms', ['config.json', 'model.safetensors', 'README.md'])
    ]
    assert_same(found(picture()), model(picture()))
    (snapshot / 'config.json').unlink()
    (snapshot / 'config.json').symlink_to(tmp_path / 'elsewhere.json')
    with pytest.raises(ValueError, match=r'config\.json is a link to .*outs'):
        xnet_mm.load('me/rooms', device='cpu')


def test_a_hub_that_cannot_be_asked(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise OSError('no route\nto host')

    monkeypatch.setattr(huggingface_hub, 'snapshot_download', fail)
    monkeypatch.chdir(tmp_path)
    message = r'me/rooms: no such folder here, .*\(OSError: no route to host\)'
    with pytest.raises(FileNotFoundError, match=message):
        xnet_mm.load('me/rooms')


@pytest.mark.parametrize(
    ('source', 'message'),
    [
        ('no', r'no: no such folder \(looked in /'),
        ('no/such/folder', r'no/such/folder: no such folder'),
        ('../up', r'\.\./up: no such folder'),
        ('/no/where', r'/no/where: no such folder'),
    ],
)
def test_nothing_there(source, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=message):
        xnet_mm.load(source)


def test_a_checkpoint_alone(tmp_path):
    _, checkpoint = write_pair(tmp_path, 'depth')
    with pytest.raises(ValueError, match=r'is a file, wanted a folder, or'):
        xnet_mm.load(checkpoint)
    with pytest.raises(FileNotFoundError, match=r'config not found: no\.py'):
        xnet_mm.load('no.py', checkpoint)


@pytest.mark.parametrize('device', ['tpu', 'meta', '', 'cpu:x'])
def test_a_device_that_is_none(device, tmp_path):
    with pytest.raises(ValueError, match=r'device=.*cannot be used here'):
        xnet_mm.load(tmp_path, device=device)


def test_the_device_of_this_machine(tmp_path):
    model = xnet_mm.load(*write_pair(tmp_path, 'depth'))
    wanted = 'cuda' if torch.cuda.is_available() else 'cpu'
    assert next(model.predictor.model.parameters()).device.type == wanted
    xnet_mm.load(*write_pair(tmp_path, 'depth'), device=torch.device('cpu'))


def test_classes_of_another_number(tmp_path):
    saved = load_pair(tmp_path, 'segmentation').save_pretrained(tmp_path / 's')

    def fewer(config):
        for key in ('classes', 'palette', 'ids'):
            config[key] = config[key][:2]

    with pytest.raises(ValueError, match=r'2 classes, .* num_classes=3\. G'):
        xnet_mm.load(edit(saved, fewer), device='cpu')


def test_ids_of_the_label_maps_are_kept(tmp_path):
    meta = dict(
        classes=('a', 'b', 'c'),
        palette=[[9, 9, 9]] * 3,
        reduce_zero_label=True,
        label_map={0: 1, 1: 255, 5: 0, 6: 2},
    )
    model = load_pair(tmp_path / 'p', 'segmentation', meta=meta)
    saved = model.save_pretrained(tmp_path / 's')
    config = json.loads((saved / 'config.json').read_text())
    assert config['ids'] == [6, 1, 7]
    image = save_picture(tmp_path / 'x.png', picture())
    again = xnet_mm.load(saved, device='cpu')
    files = [
        m(image).save(tmp_path / name) / 'labels/x.png'
        for name, m in (('one', model), ('two', again))
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_signature_is_that_of_the_package():
    one, two = map(inspect.signature, (xnet_mm.load, module.load))
    assert [*one.parameters] == [*two.parameters]


def test_packages_that_are_missing(monkeypatch):
    Environment(monkeypatch, {}, ())
    with pytest.raises(ImportError, match=r'xnet_mm\.load: not found: mmen'):
        xnet_mm.load('work')
    Environment(monkeypatch, ONEDL, ())


def test_importing_the_package_imports_none_of_it():
    code = (
        'import sys, xnet_mm; assert callable(xnet_mm.load); '
        'print([m for m in sys.modules if m.startswith('
        '("xnet_mm.prediction", "huggingface_hub.hf_api"))])'
    )
    root = os.path.dirname(os.path.dirname(xnet_mm.__file__))
    done = subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, 'PYTHONPATH': root},
        capture_output=True,
        text=True,
        check=True,
    )
    found = done.stdout.splitlines()[-1]
    assert 'xnet_mm.prediction' not in found
