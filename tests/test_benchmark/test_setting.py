"""Settings in the order that is measured, and TF32 while it lasts."""

import pytest
import torch

from xnet_mm.benchmark import Setting
from xnet_mm.benchmark.setting import precision, settings


def test_every_combination_sizes_within_modes():
    found = settings([(1, 2), (3, 4)], [1, 2], ['fp32'], ['eager', 'x'], False)
    assert found == [
        Setting(size, batch, 'fp32', mode)
        for mode in ('eager', 'x')
        for size in ((1, 2), (3, 4))
        for batch in (1, 2)
    ]


@pytest.mark.parametrize(
    ('setting', 'words'),
    [
        (Setting((512, 640)), '512x640, batch 1, fp32, eager'),
        (
            Setting((8, 9), 2, 'bf16', 'compiled', True),
            '8x9, batch 2, bf16, compiled, training',
        ),
    ],
)
def test_words(setting, words):
    assert str(setting) == words


@pytest.mark.parametrize('kind', ['fp32', 'tf32'])
@pytest.mark.parametrize('before', ['highest', 'medium'])
def test_tf32_is_as_before_also_after_an_error(kind, before):
    cudnn = torch.backends.cudnn
    old = torch.get_float32_matmul_precision(), cudnn.allow_tf32
    try:
        torch.set_float32_matmul_precision(before)
        cudnn.allow_tf32 = before == 'medium'
        with pytest.raises(KeyError), precision(Setting((1, 1), 1, kind)):
            wanted = 'high' if kind == 'tf32' else 'highest'
            assert torch.get_float32_matmul_precision() == wanted
            assert cudnn.allow_tf32 == (kind == 'tf32')
            raise KeyError
        assert torch.get_float32_matmul_precision() == before
        assert cudnn.allow_tf32 == (before == 'medium')
    finally:
        torch.set_float32_matmul_precision(old[0])
        cudnn.allow_tf32 = old[1]
