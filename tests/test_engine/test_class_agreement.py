"""Heads, data and metrics that do not agree, and those that do."""

import re
from types import SimpleNamespace as Fake

import mmseg
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.datasets import BaseSegDataset
from mmseg.evaluation import IoUMetric
from mmseg.models.losses import cross_entropy_loss
from mmseg.registry import MODELS
from seg_pairs import build, label, make_pairs, save
from tiny_export import FCN, tiny

from xnet_mm.engine.class_agreement import (
    compare_counts,
    compare_files,
    compare_ignored,
    compare_labelled,
    compare_names,
    compare_outputs,
    compare_weights,
    compare_width,
    heads,
)
from xnet_mm.evaluation import LabelledEvaluator

FCN_HEAD = dict(FCN['decode_head'], num_classes=2)
PFP_HEAD = dict(
    type='xnet_mm.PFPHead',
    in_channels=(8, 8),
    num_classes=2,
    channels=8,
    pyramid_channels=8,
)


def model(auxiliary=(), **head):
    """Only the heads of a model."""
    init_default_scope('mmseg')
    head = {**({} if 'type' in head else FCN_HEAD), **head}
    built = Fake(
        decode_head=MODELS.build(head), num_classes=head['num_classes']
    )
    if auxiliary:
        built.auxiliary_head = [
            MODELS.build({**FCN_HEAD, **one}) for one in auxiliary
        ]
    return built


def test_heads_and_their_names():
    found = heads(model(auxiliary=[{}, {}]))
    assert [name for name, _ in found] == [
        *('decode_head', 'auxiliary_head[0]', 'auxiliary_head[1]'),
    ]
    assert [name for name, _ in heads(tiny(**FCN))] == ['decode_head']


def test_every_head_counts():
    assert compare_counts(model(), ('a', 'b'), 'training') == ''
    text = compare_counts(model(auxiliary=[{}]), ('a', 'b', 'c'), 'test')
    assert text.startswith('The head has num_classes=2, the test data 3 cl')
    two = model(auxiliary=[{}, dict(num_classes=7)])
    text = compare_counts(two, ('a', 'b'), 'training')
    assert text.startswith('The head has num_classes=7, the training data 2')
    assert 'Set model.auxiliary_head[1].num_classes=2' in text


@pytest.mark.parametrize('kind', [FCN_HEAD, PFP_HEAD])
def test_one_class_is_never_learnt(kind):
    text = compare_counts(
        model(**dict(kind, num_classes=1)), ('x',), 'training'
    )
    assert text.startswith('model.decode_head.num_classes=1: one class (x)')
    assert "classes=('background', 'thing') for the ids 0 and 1" in text
    assert text.endswith('without reduce_zero_label.')


@pytest.mark.parametrize('kind', [FCN_HEAD, PFP_HEAD])
@pytest.mark.parametrize(
    ('losses', 'wrong'),
    [
        (dict(type='CrossEntropyLoss'), 'CrossEntropyLoss'),
        (dict(type='CrossEntropyLoss', use_sigmoid=True), ''),
        (
            [
                dict(type='CrossEntropyLoss', use_sigmoid=True),
                dict(type='DiceLoss', use_sigmoid=False),
            ],
            'DiceLoss',
        ),
        (dict(type='TverskyLoss'), 'TverskyLoss'),
        (dict(type='FocalLoss'), ''),
        (dict(type='LovaszLoss', loss_type='binary', reduction='none'), ''),
    ],
)
def test_one_output_wants_a_sigmoid(kind, losses, wrong):
    options = dict(kind, out_channels=1, threshold=0.5, loss_decode=losses)
    text = compare_outputs(model(**options))
    wanted = f'model.decode_head has out_channels=1 and {wrong} with a softm'
    assert text.startswith(wanted if wrong else '') and bool(text) == bool(
        wrong
    )
    # two outputs may have either
    options.pop('out_channels')
    assert compare_outputs(model(**options)) == ''


def test_one_output_of_an_auxiliary_head():
    text = compare_outputs(model(auxiliary=[dict(out_channels=1)]))
    assert text.startswith('model.auxiliary_head[0] has out_channels=1')


WEIGHTED = dict(type='xnet_mm.WeightedCrossEntropyLoss')


@pytest.mark.parametrize('kind', [FCN_HEAD, PFP_HEAD])
@pytest.mark.parametrize('weights', [[1.0], [1.0, 2.0, 3.0]])
def test_class_weights_are_one_a_class(kind, weights):
    loss = dict(WEIGHTED, class_weight=weights)
    text = compare_weights(model(**dict(kind, loss_decode=loss)))
    assert text == (
        f'model.decode_head.loss_decode has a class_weight of {len(weights)} '
        'numbers, the head has 2 outputs. Write one number for each, or '
        'class_weight=None.'
    )
    losses = [dict(WEIGHTED, class_weight=[1.0, 2.0]), WEIGHTED]
    assert compare_weights(model(**dict(kind, loss_decode=losses))) == ''
    second = model(auxiliary=[{}, dict(loss_decode=[WEIGHTED, loss])])
    text = compare_weights(second)
    assert text.startswith('model.auxiliary_head[1].loss_decode has a class')


def test_class_weights_of_mask2former_have_one_more():
    head = Fake(num_classes=2, loss_cls=Fake(class_weight=[1.0, 1.0, 0.1]))
    assert compare_weights(Fake(decode_head=head)) == ''
    head.num_classes = 5
    text = compare_weights(Fake(decode_head=head))
    assert text.startswith('model.decode_head.loss_cls has a class_weight of')
    assert '3 numbers, the head has 5 classes and one more for none' in text


def test_mmsegs_loss_where_it_fails_at_ignored_pixels(monkeypatch):
    loss = dict(type='CrossEntropyLoss', class_weight=[1.0, 2.0])
    head = model(loss_decode=loss)

    def lookup(pred, label, *others, class_weight, **kwargs):
        return class_weight[label].sum()  # as OpenMMLab's 1.2.2

    monkeypatch.setattr(head.decode_head.loss_decode, 'cls_criterion', lookup)
    text = compare_weights(head)
    assert 'ends with an IndexError at the first ignored pixel in th' in text
    assert "Write type='xnet_mm.WeightedCrossEntropyLoss', with the" in text
    # It is ours that our own head builds.
    monkeypatch.setattr(cross_entropy_loss, 'cross_entropy', lookup)
    assert compare_weights(model(**PFP_HEAD, loss_decode=loss)) == ''
    assert 'IndexError' in compare_weights(model(loss_decode=loss))


def test_mmsegs_loss_of_the_release_that_is_here():
    loss = dict(type='CrossEntropyLoss', class_weight=[1.0, 2.0])
    head = model(loss_decode=loss)
    text = compare_weights(head)
    label = torch.tensor([[[1, 255]]])
    scores = torch.zeros(1, 2, 1, 2)
    if mmseg.__version__ == '1.2.2':
        assert text.startswith('model.decode_head.loss_decode is a CrossEntr')
        with pytest.raises(IndexError):
            head.decode_head.loss_decode(scores, label, ignore_index=255)
    else:
        assert text == ''
    head = model(loss_decode=dict(loss, **WEIGHTED))
    assert compare_weights(head) == ''
    value = head.decode_head.loss_decode(scores, label, ignore_index=255)
    assert value.item() == pytest.approx(np.log(2))


LOAD = dict(type='LoadAnnotations')


def stock(root, num=2, pipeline=(LOAD,), **options):
    init_default_scope('mmseg')
    return BaseSegDataset(
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        metainfo=dict(classes=[f'c{i}' for i in range(num)]),
        pipeline=pipeline,
        **options,
    )


def test_classes_that_8_bits_hold(tmp_path):
    root = make_pairs(tmp_path)
    assert compare_width(stock(root, 255), 'test') == ''
    text = compare_width(stock(root, 256), 'test')
    assert text.startswith('The test data have 256 classes, but label maps')
    assert compare_width(stock(root, 256, []), 'test') == ''  # loads none
    inside = dict(type='RandomApply', transforms=[LOAD])
    assert compare_width(stock(root, 256, [inside]), 'test') == text
    reduced = stock(root, 255, reduce_zero_label=True)
    assert 'at most 254 fit' in compare_width(reduced, 'test')


def test_files_that_8_bits_do_not_hold(tmp_path):
    root = make_pairs(tmp_path)
    ours = dict(type='xnet_mm.LoadLabels')
    assert compare_files(stock(root), 'training') == ''
    for name in 'ba':
        save(root / f'labels/{name}.png', label(0, 1).astype(np.uint16))
        text = compare_files(stock(root), 'training')
        assert re.match(rf".*/{name}\.png: 'I.*' is wider than 8 b", text)
        assert "type='xnet_mm.LoadLabels'" in text
        assert compare_files(stock(root, pipeline=[ours]), 'training') == ''
        assert compare_files(build(root, pipeline=[LOAD]), 'training') == ''
    (root / 'labels/a.png').unlink()  # what is missing is named when read
    assert 'b.png' in compare_files(stock(root), 'training')
    assert compare_files(stock(root, pipeline=[]), 'training') == ''


def test_ignored_ids_of_a_stock_data_set(tmp_path):
    root = make_pairs(tmp_path)
    good = (IoUMetric(),)
    assert compare_ignored(model(), stock(root), 'training', good) == ''
    data = stock(
        root,
        pipeline=[
            LOAD,
            dict(type='RandomRotate', prob=1, degree=3),
            dict(type='Pad', size=(9, 9), pad_val=dict(img=0, seg=254)),
        ],
        ignore_index=100,
    )
    padded = model(auxiliary=[dict(ignore_index=100)])
    padded.data_preprocessor = Fake(size=(9, 9), seg_pad_val=255)
    assert compare_ignored(padded, data, 'training', good).startswith(
        'The training data (BaseSegDataset) have 100 where a pixel does not '
        'count, but model.decode_head.ignore_index=255, ignore_index of '
        'IoUMetric=255, seg_pad_val of Pad=254, seg_pad_val of '
        'RandomRotate=255, model.data_preprocessor.seg_pad_val=255: such '
    )
    text = compare_ignored(padded, data, 'test', ())
    assert 'data_preprocessor' not in text  # tests are not padded so
    plain = stock(root, ignore_index=0)
    agreed = model(ignore_index=0)
    metrics = (IoUMetric(ignore_index=0),)
    assert compare_ignored(agreed, plain, 'training', metrics) == ''
    # masked BCE wants None there
    nothing = model(ignore_index=None)
    assert compare_ignored(nothing, stock(root), 'training', ()) == ''


def test_our_data_sets_have_255_whatever_the_files_hold(tmp_path):
    root = make_pairs(tmp_path)
    save(root / 'labels/b.png', label(1, 2, 100))
    data = build(root, ignore_index=100)
    good = (IoUMetric(),)
    assert compare_ignored(model(), data, 'training', good) == ''
    text = compare_ignored(model(ignore_index=100), data, 'training', good)
    assert text.startswith(
        'The training data (FolderSegDataset) have 255 where a pixel does '
        'not count, but model.decode_head.ignore_index=100: such pixels'
    )
    assert text.endswith('as they are by default.')
    assert compare_ignored(model(), Fake(), 'training', good) == ''


def test_images_without_labels(tmp_path):
    root = make_pairs(tmp_path)
    whole = build(root, test_mode=True)
    (root / 'labels/a.png').unlink()
    data = build(root, test_mode=True)
    metric = IoUMetric()
    only = IoUMetric(output_dir=str(tmp_path), format_only=True)
    for dataset, evaluator, fails in (
        (data, Fake(metrics=[metric]), True),
        (data, Fake(metrics=[only, metric]), True),
        (data, None, True),  # a training
        (data, Fake(metrics=[only]), False),
        (data, LabelledEvaluator(metric), False),
        (whole, Fake(metrics=[metric]), False),
        (stock(root), Fake(metrics=[metric]), False),
    ):
        text = compare_labelled(dataset, 'validation', evaluator)
        wanted = '1 of 2 images of the validation data have no label map'
        assert text.startswith(wanted) if fails else text == ''


def test_one_order_of_the_names():
    def data(*classes):
        return Fake(metainfo=dict(classes=classes))

    assert compare_names(data('a', 'b'), data('a', 'b')) == ''
    assert compare_names(data('a', 'b'), data('c', 'd')) == ''  # other words
    assert compare_names(data('a', 'b'), Fake()) == ''
    assert '(a, b; b, a)' in compare_names(data('a', 'b'), data('b', 'a'))
