"""A checkpoint and a model: every key, shape and value, and what it means."""

import copy

import pytest
import tiny_models
from mmengine.model import BaseTTAModel, MMDistributedDataParallel
from mmengine.registry import init_default_scope
from torch import nn

from xnet_mm.fileio import pairing
from xnet_mm.fileio.pairing import (
    check_pairing,
    check_settings,
    check_some_fit,
)


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.fixture(scope='module')
def segmentor():
    return tiny_models.xnet()


@pytest.fixture(scope='module')
def estimator():
    return tiny_models.xnet(
        head=tiny_models.DEPTH, segmentor=tiny_models.ESTIMATOR
    )


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(
        pairing, 'print_log', lambda line, **_: lines.append(line)
    )
    return lines


def checkpoint(model, **dataset_meta):
    return dict(
        state_dict=copy.deepcopy(model.state_dict()),
        meta=dict(dataset_meta=dataset_meta),
    )


def refused(model, content, text, **options):
    with pytest.raises(ValueError, match=text) as error:
        check_pairing(model, content, 'a.pth', **options)
    assert 'a.pth' in str(error.value)
    return str(error.value)


def test_its_own_checkpoint_fits_in_every_form(segmentor, estimator):
    for model in (segmentor, estimator):
        state = model.state_dict()
        for content in (
            checkpoint(model),
            dict(state),
            dict(state_dict={f'module.{k}': v for k, v in state.items()}),
        ):
            check_pairing(model, content, 'a.pth')


class TTA(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return data_samples_list


class Wrapper(MMDistributedDataParallel):
    """As the runner sees it, without processes."""

    def __init__(self, module):
        nn.Module.__init__(self)
        self.module = module


def test_wrappers_do_not_matter(segmentor):
    content = checkpoint(segmentor)
    for wrap in (TTA, Wrapper, lambda m: Wrapper(TTA(m))):
        check_pairing(wrap(segmentor), content, 'a.pth')


def test_depth_in_a_segmentation_config(segmentor, estimator):
    text = refused(
        segmentor,
        checkpoint(estimator, max_depth=10.0),
        'it is a depth checkpoint, the config is a segmentation model',
    )
    assert 'other shape 2 of' in text or 'missing' in text


def test_segmentation_in_a_depth_config(segmentor, estimator):
    refused(
        estimator,
        checkpoint(segmentor, classes=['a'] * 11),
        'it is a segmentation checkpoint, the config is a depth model',
    )


def test_another_number_of_classes(segmentor):
    other = tiny_models.xnet(head=dict(tiny_models.SEGMENT, num_classes=19))
    text = refused(
        other,
        checkpoint(segmentor, classes=[str(i) for i in range(11)]),
        'classes: 11 in the checkpoint, 19 in the config',
    )
    assert '(11, 8, 1, 1), wanted (19, 8, 1, 1)' in text


def test_another_decoder(segmentor):
    other = dict(tiny_models.CONVNEXT, depths=(1, 1, 1, 1))
    refused(tiny_models.xnet(decoder=other), checkpoint(segmentor), 'unexp')
    refused(segmentor, checkpoint(tiny_models.xnet(decoder=other)), 'missing')


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_values_that_are_none(segmentor, value):
    content = checkpoint(segmentor)
    name = 'decode_head.conv_seg.weight'
    content['state_dict'][name][0, 0] = value
    refused(segmentor, content, f'NaN or infinity in 1 tensors: {name}')
    with pytest.raises(ValueError, match='NaN or infinity in 1 tensors'):
        check_some_fit(segmentor, content, 'a.pth')


def test_another_range(estimator):
    check_pairing(estimator, checkpoint(estimator, max_depth=10), 'a.pth')
    refused(
        estimator,
        checkpoint(estimator, max_depth=80.0),
        r'max_depth: 80\.0 m in the checkpoint, 10\.0 m in the config',
    )


@pytest.mark.parametrize(
    ('saved', 'now', 'text'),
    [
        (['sky', 'road'], ['road', 'sky'], 'sky is number 0 in the checkp'),
        (['sky', 'road'], ['Road', 'sky '], 'sky is number 0 in the check'),
        (['sky', 'road'], ['road', 'car'], 'road is number 1 in the check'),
        (['sky', 'road'], ['sky'], 'classes: 2 in the checkpoint, 1 in the'),
    ],
)
def test_classes_at_other_places(segmentor, saved, now, text):
    content = checkpoint(segmentor, classes=saved)
    refused(segmentor, content, text, classes=now)


def test_renamed_classes_are_a_warning(segmentor, logged):
    content = checkpoint(segmentor, classes=('sky', 'road'))
    check_pairing(segmentor, content, 'a.pth', classes=['Sky', 'road'])
    assert logged == []
    check_pairing(segmentor, content, 'a.pth', classes=['sky', 'street'])
    assert 'road -> street' in logged[0]


def test_settings_are_compared(segmentor):
    content = checkpoint(segmentor)
    content['meta']['cfg'] = "model = dict(type='A', act='GELU')"
    now = dict(model=dict(type='A', act='SiLU'))
    refused(
        segmentor,
        content,
        "model.act was 'GELU' in training, is 'SiLU' now",
        config=now,
    )
    check_pairing(segmentor, content, 'a.pth')
    with pytest.raises(ValueError, match=r"model\.act was 'GELU' in"):
        check_settings(content, 'a.pth', now)
    with pytest.raises(ValueError, match='it holds no weights at all'):
        check_settings({}, 'a.pth', now)
    check_settings(dict(segmentor.state_dict()), 'a.pth', now)


def test_fine_tuning_says_what_it_leaves_out(segmentor, logged):
    other = tiny_models.xnet(head=dict(tiny_models.SEGMENT, num_classes=19))
    check_some_fit(segmentor, checkpoint(segmentor), 'a.pth')
    assert logged == []
    check_some_fit(other, checkpoint(segmentor), 'a.pth')
    (line,) = logged
    count = len(other.state_dict())
    assert line.startswith(f'load_from: {count - 2} tensors of a.pth fit.')
    assert f'other shape 2 of {count}: decode_head.conv_seg.weight' in line
    with pytest.raises(ValueError, match=r'a\.pth fits this model in nothing'):
        check_some_fit(other, {}, 'a.pth')
