"""The head of a page."""

from pathlib import Path
from types import SimpleNamespace

from xnet_mm.ablation.logs import RunLog
from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.prediction.run_folder import Run
from xnet_mm.report.head import head


def report_of(**changes):
    measured = SimpleNamespace(
        figures=dict(mIoU=66.987, aAcc=91.6, boundary_IoU=24.0),
        images=101,
        classes=SimpleNamespace(classes=('a', 'b'), images=100),
        ignored=255,
        depth=None,
    )
    values = dict(
        model=dict(
            backbone=dict(encoder='enc'),
            neck=dict(decoder='dec'),
            test_cfg=dict(mode='whole'),
        )
    )
    given = dict(
        title='my run',
        measured=measured,
        values=values,
        run=Run(Path('c.py'), Path('iter_20.pth'), 'the last one'),
        parameters=5_994_000,
        validation=SimpleNamespace(transforms=[]),
        training='gone',
        log='gone',
        notes=[],
    )
    return SimpleNamespace(**{**given, **changes})


def test_figures_and_their_protocol():
    found = head(report_of())
    assert (
        '<p class="soft">Semantic segmentation, 2 classes: enc × dec, 5.99 M '
        'parameters</p>'
    ) in found
    assert '<b>66.99</b><span>mIoU ↑</span>' in found
    assert '<b>91.60</b><span>aAcc ↑</span>' in found
    assert 'boundary_IoU' not in found
    assert '<td>101 validation images, whole images</td>' in found
    assert 'over 100 images, then the mean over classes; label 255 d' in found
    assert 'iter_20.pth, the last one' in found
    assert 'by its log' not in found
    assert 'understood' not in found


def test_depth_beside_classes():
    report = report_of()
    report.measured.depth = SimpleNamespace(protocol=PROTOCOLS['ddad'])
    report.measured.figures['abs_rel'] = 0.12345
    found = head(report)
    assert 'Semantic segmentation, 2 classes and depth in metres: ' in found
    assert '<b>0.1235</b><span>AbsRel ↓</span>' in found
    assert 'protocol ddad (DDAD, GEDepth)' in found
    report.measured.classes = None
    assert '<p class="soft">Depth in metres: enc' in head(report)


def test_what_the_log_says_of_this_checkpoint():
    log = RunLog({}, {10: dict(mIoU=1.0), 20: dict(mIoU=2.0, x=3.0)}, {})
    found = head(report_of(log=log, notes=['a <note>']))
    assert '<td>mIoU ↑ 2.00 at iteration 20</td>' in found
    assert 'Notes</h3><ul><li>a &lt;note&gt;</li></ul>' in found
