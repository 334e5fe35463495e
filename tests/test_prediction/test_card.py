"""README.md of a shared model."""

import pytest

from xnet_mm.prediction.card import Pretrained, pretrained_of, write_card

CONFIG = dict(channels=3, versions=dict(xnet_mm='0.1.0'))
SEG = dict(CONFIG, classes=['wall', 'floor'])
DEPTH = dict(CONFIG, max_depth=80.0, protocol='kitti_eigen_garg')


def test_all_that_is_known():
    text = write_card(
        *('rooms', {**SEG, **DEPTH}),
        [Pretrained('encoder', 'swin', 'timm', 'mit')],
        dict(mIoU=65.5, abs_rel=0.15123456),
        'cc-by-4.0',
    )
    for line in (
        'library_name: xnet_mm',
        'pipeline_tag: image-segmentation',
        "license: 'cc-by-4.0'",
        '# rooms',
        'Semantic segmentation and monocular metric depth, by xnet_mm 0.1.0.',
        '- 2 classes: wall, floor',
        '- depth up to 80 m',
        '- protocol of its evaluation: kitti_eigen_garg',
        '- images of 3 channels',
        '| mIoU | 65.5 |',
        '| abs_rel | 0.151235 |',
        'cc-by-4.0',
        '- encoder: `swin` (timm): mit',
    ):
        assert line in text.splitlines(), line
    (example,) = text.split('```python\n')[1:]
    example = example.partition('```')[0]
    compile(example, 'card', 'exec')
    assert len(example.splitlines()) == 3


def test_what_is_not_known_is_said():
    text = write_card('rooms', CONFIG, [], {})
    assert "license: 'unknown'" in text
    assert 'Not known: ask whoever trained them.' in text
    assert '## Figures\n\nNot known.' in text
    assert 'the checkpoint did not name its classes' in text
    assert 'depth-estimation' in write_card('a', DEPTH, [], {})


def test_a_text_that_would_break_the_header():
    text = write_card('a', SEG, [], {}, "it's: mine")
    assert "license: 'it''s: mine'" in text
    for name, licence in (('a\n---', None), ('a', 'mit\nevil: 1')):
        with pytest.raises(ValueError, match='wanted one line of text'):
            write_card(name, SEG, [], {}, licence)


@pytest.mark.parametrize('value', [float('nan'), '65', None, True])
def test_a_figure_that_is_none(value):
    with pytest.raises(ValueError, match=r"figures\['mIoU'\]=.* a finite num"):
        write_card('a', SEG, [], dict(mIoU=value))


@pytest.mark.parametrize(
    ('box', 'wanted'),
    [
        (
            dict(encoder='convnext_tiny.fb_in22k', weights='timm'),
            ('convnext_tiny.fb_in22k', 'timm', 'apache-2.0'),
        ),
        (
            dict(
                encoder=dict(
                    type='timm',
                    model_name='convnextv2_tiny.fcmae_ft_in22k_in1k',
                ),
                weights='timm',
            ),
            (
                *('convnextv2_tiny.fcmae_ft_in22k_in1k', 'timm'),
                'cc-by-nc-4.0',
            ),
        ),
        (
            dict(encoder='resnet18', weights='/home/me/secret/w.pth'),
            ('resnet18', 'w.pth', 'not known'),
        ),
        (
            dict(
                type='ResNet',
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint='https://me:key@a.org/w.pth?token=1',
                ),
            ),
            ('ResNet', 'a.org/w.pth', 'not known'),
        ),
        (
            dict(encoder='x', weights='package://no_such_package/w.pth'),
            ('x', 'package://no_such_package/w.pth', 'not known'),
        ),
    ],
)
def test_weights_that_it_started_from(box, wanted):
    assert pretrained_of(dict(backbone=box)) == [
        Pretrained('encoder', *wanted)
    ]


def test_weights_of_a_package_have_its_licence():
    weights = 'package://pytest/w.pth'
    box = dict(decoder='x', weights=weights)
    (found,) = pretrained_of(dict(backbone=dict(encoder='y'), neck=box))
    assert found == Pretrained(
        'decoder', 'x', weights, 'MIT, says the package'
    )


def test_no_weights():
    assert pretrained_of(dict(backbone=dict(encoder='x', weights=None))) == []
