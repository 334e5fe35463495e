"""Names that are the run's own."""

from xnet_mm.engine.checkpoint_files import CheckpointFiles


def test_own_names():
    files = CheckpointFiles('x', 'iter_{}.pth', ['mIoU', 'acc/top-1'])
    own = ['iter_0.pth', 'iter_120.pth', 'best_mIoU_iter_5.pth']
    own += ['best_acc_top-1_iter_5.pth']
    other = ['iter_5.pt', 'iter_05.pth', 'iter_.pth', 'iter_5.pth.bak', '']
    other += ['xiter_5.pth', 'best_mIoU.pth', 'best_mAcc_iter_5.pth']
    other += ['best_mIoU_x_iter_5.pth', '../iter_5.pth', 'iter_-5.pth']
    assert [n for n in own + other if files.is_own(n)] == own
    assert files.step('iter_120.pth') == 120
    assert files.best_step('best_acc_top-1_iter_5.pth', 'acc/top-1') == 5
    padded = CheckpointFiles('x', 'v2_{:06d}.pth', ['auto'])
    assert padded.step('v2_000120.pth') == 120
    assert padded.step('v2_120.pth') is None
    assert padded.best_step('best_any_v2_000007.pth', 'auto') == 7
