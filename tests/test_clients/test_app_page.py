"""The page of tools/app.py in a browser, Chromium, where there is one.

A script in the page uses it and tells what it saw. No driver is needed.
"""

import json
import queue
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from app_site import ask, running
from shared_models import CLASSES, PALETTE, load_pair, picture, save_picture

pytest.importorskip('starlette', reason="extra 'app'")

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

from xnet_mm.app.guard import HEADERS, LOOPBACK
from xnet_mm.app.site import PAGE, Site

BROWSER = next(
    filter(
        None,
        map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')),
    ),
    None,
)
DRIVER = Path(__file__).resolve().parents[1] / 'app_driver.js'
PLACES = [(0.01, 0.01), (0.51, 0.51), (0.26, 0.76), (0.99, 0.99)]
DARK = [12, 16, 20]

pytestmark = pytest.mark.skipif(BROWSER is None, reason='no Chromium here')


def driven(site, told):
    """The site, and beside it its page with the script in it."""

    async def page(request):
        text = (PAGE / 'index.html').read_text()
        script = '<script type="module" src="/driver.js"></script></head>'
        text = text.replace('</head>', script)
        return Response(text, media_type='text/html', headers=HEADERS)

    async def script(request):
        return Response(DRIVER.read_text(), media_type='text/javascript')

    async def tell(request):
        told.put(json.loads(await request.body()))
        return Response()

    return Starlette(
        routes=[
            Route('/driven', page),
            Route('/driver.js', script),
            Route('/told', tell, methods=['POST']),
            Mount('/', site.app(LOOPBACK)),
        ]
    )


@contextmanager
def browsing(address, profile):
    process = subprocess.Popen(
        [
            *(BROWSER, '--headless', '--no-sandbox', '--disable-gpu'),
            *('--disable-quic', '--no-first-run', '--disable-sync'),
            *('--disable-background-networking', '--window-size=1200,900'),
            *('--disable-component-update', f'--user-data-dir={profile}'),
            # Without it a headless one ends once the page is there.
            *('--remote-debugging-port=0', f'{address}/driven'),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope='module')
def used(tmp_path_factory):
    """What the script saw, what the model says, and the address."""
    folder = tmp_path_factory.mktemp('browser')
    model = load_pair(folder / 'model', 'both')
    save_picture(folder / 'data/images/a.png', picture(48, 80))
    model.cfg.val_dataloader = dict(
        dataset=dict(
            type='xnet_mm.CamVidDataset',
            data_root=str(folder / 'data'),
            data_prefix=dict(img_path='images'),
            img_suffix='.png',
        )
    )
    (folder / 'site').mkdir()
    told = queue.Queue()
    with running(driven(Site(model, folder / 'site'), told)) as address:
        with browsing(address, folder / 'profile'):
            seen = told.get(timeout=120)
        assert 'failed' not in seen, seen['failed']
        seen['answers'] = [ask(link)[0] for link in seen['links']]
        yield seen, model(picture(48, 80)), address


def pixel(values, x, y):
    height, width = values.shape
    return values[int(y * height), int(x * width)]


def test_tabs(used):
    assert used[0]['tabs'] == ['Labels', 'Confidence', 'Depth', 'Point cloud']


def test_legend(used):
    seen, wanted, _ = used
    ids, counts = np.unique(wanted.labels, return_counts=True)
    order = np.argsort(-counts, kind='stable')
    assert seen['legend'] == [
        [CLASSES[ids[i]], f'{100 * counts[i] / 48 / 80:.1f} %'] for i in order
    ]


def test_under_the_pointer(used):
    seen, wanted, _ = used
    for (x, y), text in zip(PLACES, seen['labels'], strict=True):
        name, sure, depth = text.split(' · ')
        assert name == CLASSES[pixel(wanted.labels, x, y)]
        sure = int(sure.removesuffix(' %')) / 100
        assert sure == pytest.approx(pixel(wanted.confidence, x, y), abs=0.008)
        assert depth == f'{pixel(wanted.depth, x, y):.2f} m'
    for (x, y), text in zip(PLACES, seen['depth'], strict=True):
        assert text == f'{pixel(wanted.depth, x, y):.2f} m'
    assert seen['bar'].endswith(' m')


def painted(told):
    values = np.array(told['data'], np.uint8)
    return values.reshape(told['height'], told['width'], 4)


def test_colours(used):
    seen, wanted, _ = used
    every = painted(seen['painted'])
    np.testing.assert_array_equal(
        every[..., :3], np.array(PALETTE)[wanted.labels]
    )
    assert (every[..., 3] == 255).all()
    chosen = painted(seen['chosen'])
    is_it = wanted.labels == CLASSES.index(seen['legend'][0][0])
    np.testing.assert_array_equal(chosen[is_it], every[is_it])
    rest = chosen[~is_it].astype(int)
    assert (abs(rest[:, :3] - DARK) <= 2).all()  # colours lose by alpha


def test_point_cloud(used):
    seen = used[0]
    count = int(re.match(r'[\d,]+', seen['count'])[0].replace(',', ''))
    assert 0 < count <= 48 * 80
    row = np.array(seen['cloud']).reshape(-1, 4)
    is_point = (row[:, :3] != [18, 22, 28]).any(1)
    assert is_point.mean() > 0.2
    assert seen['turned'] > 1000
    assert seen['angle'].startswith('The view angle is 500°, wanted')
    assert seen['answers'] == [200, 200]  # the link keeps the good angle


def test_no_picture(used):
    message = used[0]['problem']
    assert message.startswith('_b_a.svg: unreadable image')


def test_nothing_of_another_machine_is_asked_for(used):
    seen, _, address = used
    assert len(seen['addresses']) > 8
    for found in seen['addresses']:
        assert found.startswith((address, 'data:')), found
