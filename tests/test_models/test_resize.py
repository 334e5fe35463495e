"""Maps brought to a size."""

import torch

from xnet_mm.models.resize import resize_to


def test_resize_leaves_the_right_size_alone():
    x = torch.randn(1, 2, 3, 4)
    assert resize_to(x, torch.Size([3, 4])) is x


def test_resize_is_bilinear():
    """One row of two pixels to four, by hand."""
    x = torch.tensor([0.0, 12.0]).reshape(1, 1, 1, 2)
    # Pixel centres at 0.25, 0.75, 1.25, 1.75 of the old ones' 0.5 and 1.5.
    wanted = torch.tensor([0.0, 3.0, 9.0, 12.0])
    assert torch.equal(resize_to(x, torch.Size([1, 4]))[0, 0, 0], wanted)
    # With the corners aligned, at 0, 1/3, 2/3 and 1 of the way.
    wanted = torch.tensor([0.0, 4.0, 8.0, 12.0])
    torch.testing.assert_close(
        resize_to(x, torch.Size([1, 4]), align_corners=True)[0, 0, 0], wanted
    )


def test_resize_shrinks_too():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    wanted = torch.tensor([[2.5, 4.5], [10.5, 12.5]])  # means of 2x2
    assert torch.equal(resize_to(x, torch.Size([2, 2]))[0, 0], wanted)
