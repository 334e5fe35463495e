"""What the page asks of a prediction, over HTTP."""

import io
import zipfile
from contextlib import ExitStack
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from app_site import ask, give, running_site
from shared_models import load_pair, picture

pytest.importorskip('starlette', reason="extra 'app'")

from xnet_mm.app.answers import GONE


@pytest.fixture(scope='module')
def given(tmp_path_factory):
    """The address of a prediction, and what the model says itself."""
    folder = tmp_path_factory.mktemp('answers')
    model = load_pair(folder / 'model', 'both')
    content = cv2.imencode('.png', picture(48, 80)[..., ::-1])[1].tobytes()
    (folder / 'site').mkdir()
    with ExitStack() as stack:
        address, _ = stack.enter_context(running_site(model, folder / 'site'))
        status, told = give(address, 'ü b.png', content)
        assert status == 200 and told[-1]['state'] == 'done'
        one = f'{address}/predictions/{told[-1]["key"]}'
        yield one, model(picture(48, 80))


def test_maps(given):
    one, wanted = given
    for kind, dtype in (('labels', '<u2'), ('depth', '<f4')):
        status, headers, found = ask(f'{one}/maps/{kind}')
        assert status == 200
        assert headers['Content-Type'] == 'application/octet-stream'
        np.testing.assert_array_equal(
            np.frombuffer(found, dtype).reshape(48, 80), getattr(wanted, kind)
        )
    sure = np.frombuffer(ask(f'{one}/maps/confidence')[2], np.uint8)
    np.testing.assert_allclose(
        sure.reshape(48, 80) / 255, wanted.confidence, atol=0.5 / 255 + 1e-6
    )


def test_image(given):
    status, headers, found = ask(f'{given[0]}/image')
    assert (status, headers['Content-Type']) == (200, 'image/jpeg')
    assert cv2.imdecode(np.frombuffer(found, np.uint8), 1).shape[:2] == (
        48,
        80,
    )


def test_files(given):
    _, headers, found = ask(f'{given[0]}/files.zip')
    assert 'ü b.zip' in unquote(headers['Content-Disposition'])
    assert headers['Content-Disposition'].startswith('attachment')
    names = zipfile.ZipFile(io.BytesIO(found)).namelist()
    assert 'labels/ü b.png' in names and 'depth/ü b.png' in names


def test_points(given):
    status, _, found = ask(f'{given[0]}/points?angle=70')
    assert status == 200 and (len(found) - 4) % 15 == 0
    status, headers, found = ask(f'{given[0]}/cloud.ply?angle=70')
    assert status == 200 and found.startswith(b'ply\n')
    assert headers['Content-Disposition'].startswith('attachment')


@pytest.mark.parametrize('part', ['points', 'cloud.ply'])
@pytest.mark.parametrize(
    ('angle', 'message'),
    [
        ('?angle=200', 'The view angle is 200°, wanted 5° to 150°'),
        ('?angle=nan', 'The view angle is nan°, wanted'),
        ('?angle=x', "The view angle is 'x', wanted degrees"),
        ('', "The view angle is '', wanted degrees"),
    ],
)
def test_no_such_angle(given, part, angle, message):
    status, headers, told = ask(f'{given[0]}/{part}{angle}')
    assert status == 400 and told.decode().startswith(message)
    assert headers['Content-Type'].startswith('text/plain')
    assert headers['Content-Disposition'] is None


def test_what_is_not_there(given):
    one = given[0]
    assert ask(f'{one}/maps/image')[0] == 404
    for part in ('image', 'maps/labels', 'points?angle=60', 'files.zip'):
        status, _, told = ask(f'{one}x/{part}')
        assert (status, told.decode()) == (404, GONE)


def test_a_model_of_classes_has_no_depth(tmp_path):
    model = load_pair(tmp_path / 'model', 'segmentation')
    content = cv2.imencode('.png', picture(48, 80))[1].tobytes()
    with running_site(model, tmp_path) as (address, _):
        _, told = give(address, 'a.png', content)
        one = f'{address}/predictions/{told[-1]["key"]}'
        status, _, said = ask(f'{one}/maps/depth')
        assert (status, said) == (400, b'This model gives no depth')
        status, _, said = ask(f'{one}/points?angle=60')
        assert status == 400 and said.startswith(b'This model predicts no de')
