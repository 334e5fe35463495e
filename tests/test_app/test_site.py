"""The page over HTTP: what it is made of, uploads, examples, two clients."""

import json
import re
import threading

import cv2
import numpy as np
import pytest
from app_site import ask, give, running_site
from shared_models import load_pair, picture, save_picture

pytest.importorskip('starlette', reason="extra 'app'")

from xnet_mm.app.site import PAGE


def png(seed, size=(48, 80)):
    return cv2.imencode('.png', picture(*size, seed)[..., ::-1])[1].tobytes()


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp('site')
    model = load_pair(folder, 'segmentation')
    for i in range(3):
        save_picture(folder / f'images/{i}.png', picture(48, 80, 10 + i))
    model.cfg.val_dataloader = dict(
        dataset=dict(
            type='xnet_mm.CamVidDataset',
            data_root=str(folder),
            data_prefix=dict(img_path='images'),
            img_suffix='.png',
        )
    )
    return model


@pytest.fixture(scope='module')
def address(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp('uploads')
    with running_site(model, folder, largest=100_000) as (address, _):
        yield address
    # Zips are what may be asked for still; uploads are gone.
    assert {p.suffix for p in folder.iterdir()} <= {'.zip'}


def labels_of(address, told):
    key = told[-1]['key']
    content = ask(f'{address}/predictions/{key}/maps/labels')[2]
    return np.frombuffer(content, '<u2').reshape(told[-1]['shown'])


def test_the_page_and_all_that_it_names(address):
    status, headers, page = ask(address)
    assert status == 200 and headers['Content-Type'].startswith('text/html')
    names = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert names == ['data:,', 'page/style.css', 'page/main.js']
    for name in names[1:]:
        assert ask(f'{address}/{name}')[0] == 200
    assert ask(f'{address}/page/../site.py')[0] == 404
    assert ask(f'{address}/page/%2e%2e/site.py')[0] == 404


def test_the_page_names_no_other_machine():
    for path in PAGE.iterdir():
        text = path.read_text()
        assert '//' not in re.sub(r'(^|\s)// .*', '', text), path.name
        assert 'innerHTML' not in text, path.name


def test_facts_and_examples(address, model):
    told = json.loads(ask(f'{address}/model')[2])
    assert told['examples'] == ['0.png', '1.png', '2.png']
    status, headers, small = ask(f'{address}/examples/1')
    assert (status, headers['Content-Type']) == (200, 'image/jpeg')
    height = cv2.imdecode(np.frombuffer(small, np.uint8), 1).shape[0]
    assert height == 160
    status, _, lines = ask(
        f'{address}/predictions?example=2',
        method='POST',
        headers={'X-Picture-Name': ''},
    )
    told = [json.loads(line) for line in lines.splitlines()]
    assert status == 200 and told[-1]['name'] == '2'
    wanted = model(picture(48, 80, 12)).labels
    np.testing.assert_array_equal(labels_of(address, told), wanted)


@pytest.mark.parametrize('number', ['3', '-1', 'x', '²', '../0'])
def test_no_such_example(address, number):
    number = number.replace('²', '%C2%B2')
    status, _, told = ask(
        f'{address}/predictions?example={number}',
        method='POST',
        headers={'X-Picture-Name': ''},
    )
    assert (status, told) == (404, b'There is no such example')
    assert ask(f'{address}/examples/{number}')[0] == 404


def test_two_clients_get_their_own(address, model):
    """Both at once, several times; sizes differ too."""
    found = {}

    def client(number):
        for turn in range(4):
            seed, size = 100 * number + turn, (48 + 16 * number, 80)
            status, told = give(address, f'{seed}.png', png(seed, size))
            assert status == 200 and told[-1]['name'] == str(seed)
            found[seed] = size, labels_of(address, told), told[-1]['key']

    threads = [threading.Thread(target=client, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len({key for *_, key in found.values()}) == 8
    for seed, (size, labels, _) in found.items():
        wanted = model(picture(*size, seed)).labels
        np.testing.assert_array_equal(labels, wanted)


def test_no_picture_is_told_on_the_page(address):
    status, told = give(address, 'a.svg', b'<svg onload="x()"/>')
    assert status == 200 and told[-1]['state'] == 'failed'
    assert told[-1]['message'].startswith('a.svg: unreadable image')


def test_too_large_and_empty(address):
    status, told = give(address, '../a.png', bytes(100_001))
    assert status == 413 and told.startswith('a.png is larger than')
    status, told = give(address, 'a.png', b'')
    assert status == 413 and told.startswith('a.png is empty')


def test_another_page_cannot_send(address):
    """A form of another page has no such header, nor may it set one."""
    status, headers, told = ask(
        f'{address}/predictions', data=png(0), method='POST'
    )
    assert status == 400 and b'Wanted a picture' in told
    status, headers, _ = ask(
        f'{address}/predictions',
        method='OPTIONS',
        headers={
            'Origin': 'http://evil.example',
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'x-picture-name',
        },
    )
    assert status == 405 and headers['Access-Control-Allow-Origin'] is None


def test_too_many(model, tmp_path, monkeypatch):
    monkeypatch.setattr('xnet_mm.app.jobs.Jobs.is_full', True)
    with running_site(model, tmp_path) as (address, _):
        status, told = give(address, 'a.png', png(0))
    assert status == 503 and told.startswith('Too many are waiting')
    assert [*tmp_path.iterdir()] == []
