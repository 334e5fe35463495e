"""Numbers that are none by their names, and the images behind them."""

from types import SimpleNamespace as Fake

import numpy as np
import torch
from mmseg.structures import SegDataSample

from xnet_mm.engine.bad_numbers import (
    describe_stop,
    find_bad_numbers,
    name_images,
)

NAN, INF = float('nan'), float('inf')


def test_numbers_of_all_kinds():
    values = dict(
        a=torch.tensor(NAN, requires_grad=True),
        b=np.float32(INF),
        c=-INF,
        d=np.array(NAN),
        good=torch.tensor(1.0, requires_grad=True),
        large=1e300,
        count=3,
        text='nan',
        table=[NAN],
        several=torch.tensor([NAN, NAN]),
        none=None,
    )
    assert find_bad_numbers(values) == dict(
        a='a=nan', b='b=inf', c='c=-inf', d='d=nan'
    )
    assert find_bad_numbers({}) == {}


def stop(images, **rates):
    wrapper = Fake(get_lr=lambda: rates)
    return describe_stop(Fake(iter=6, optim_wrapper=wrapper), 'l=nan', images)


def test_the_sentence():
    text = stop('a.png', lr=[0.5, 0.1], base_lr=[7.0])
    assert text.startswith(
        'Iteration 7: l=nan. Learning rate 0.5; images: a.png. Lower the lea'
    )
    assert text.endswith('max_bad_steps=3) in custom_hooks.')
    several = stop(
        'a.png', **{'a.lr': [0.2], 'b.lr': [0.3], 'b.momentum': [1]}
    )
    assert 'Learning rate 0.3; ' in several
    assert 'Learning rate not known; ' in stop('a.png')
    assert 'Mend the file' in stop('a.png (it has such pixels as loaded)')


def test_images_of_a_batch():
    samples = [
        SegDataSample(metainfo=dict(img_path=f'{i}.png')) for i in range(10)
    ]
    images = [torch.zeros(3, 2, 2, dtype=torch.uint8)] * 10
    batch = dict(inputs=images, data_samples=samples)
    assert name_images(batch).endswith('6.png, 7.png, ... (10 in all)')
    batch['inputs'] = [*images[:9], torch.tensor([0.0, INF])]
    assert name_images(batch) == '9.png (it has such pixels as loaded)'
    assert name_images(dict(inputs=images)) == 'not named by the data'
    assert name_images(None) == 'not named by the data'
