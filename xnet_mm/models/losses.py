"""The loss of depth estimation: scale-invariant log error."""

import torch
from torch import Tensor, nn

from ..registry import MODELS
from .arguments import check_loss_name, check_number


@MODELS.register_module()
class ScaleInvariantLogLoss(nn.Module):
    """Scale-invariant log loss (Eigen et al. 2014), pooled over the batch.

    With e = ln prediction - ln truth over all valid pixels of the batch:
    loss_weight * sqrt(mean(e^2) - variance_focus * mean(e)^2). The peers'
    values:

    ==================================== ============== ===========
    peer                                 variance_focus loss_weight
    ==================================== ============== ===========
    BTS, NeWCRFs, PixelFormer, NDDepth   0.85           10 (default)
    AdaBins, ZoeDepth, BinsFormer, iDisc 0.85           10
    DepthFormer, DPT (toolbox)           0.85           1
    VPD, GLPDepth, Depth Anything V2     0.5            1
    ==================================== ============== ===========

    AdaBins, ZoeDepth, iDisc and the toolbox of BinsFormer, DepthFormer and
    DPT write sqrt(var(e) + 0.15 mean(e)^2), whose variance divides by N - 1
    where this one divides by N. The toolbox adds 1e-3 to both depths before
    the logarithm, too: close, but another loss. With 50,000 depths of 0.5 to
    10 m, 10 % off, it is 4e-4 apart, its gradient up to 5e-3 of the largest.

    Args:
        variance_focus: 0 counts the scale of the whole map in full, 1 not
            at all.
        loss_weight: factor of the result.
        eps: added under the root, so that the gradient stays finite where
            the error is zero.
        loss_name: key in the log; with 'loss' in it, to be summed.

    Raises:
        ValueError: an argument outside of its range.
    """

    def __init__(
        self,
        variance_focus: float = 0.85,
        loss_weight: float = 10.0,
        eps: float = 1e-6,
        loss_name: str = 'loss_silog',
    ) -> None:
        super().__init__()
        if not 0 <= variance_focus <= 1:
            raise ValueError(
                f'variance_focus={variance_focus}: wanted 0 to 1 (the peers '
                'have 0.5 or 0.85).'
            )
        box = type(self).__name__
        check_number(f'{box}: loss_weight', loss_weight)
        check_number(f'{box}: eps', eps)
        check_loss_name(f'{box}: loss_name', loss_name)
        self.variance_focus = variance_focus
        self.loss_weight = loss_weight
        self.eps = eps
        self.loss_name = loss_name

    def forward(self, depth: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        """Compare two maps of one shape where `valid` is true.

        Images without a valid pixel count for nothing; a batch without any
        gives 0, with a gradient of 0 (DDP waits for one).

        Args:
            depth: prediction in metres, > 0, (B,1,H,W) or any other shape.
            truth: in metres, the same shape.
            valid: bool, the same shape: the pixels with ground truth.

        Returns:
            The loss, a number of shape ().
        """
        # Half precision has 3 digits: the difference of means needs more.
        with torch.autocast(depth.device.type, enabled=False):
            # No boolean indexing: it would make a GPU wait for the count.
            one = torch.ones((), device=depth.device)
            error = torch.where(valid, depth.float(), one).log()
            error = error - torch.where(valid, truth.float(), one).log()
            count = valid.sum().clamp(min=1)
            mean = error.sum() / count
            mean_square = error.square().sum() / count
            loss = mean_square - self.variance_focus * mean.square()
            # Rounding can bring a tiny negative number.
            loss = (loss.clamp(min=0) + self.eps).sqrt()
            # Not the constant sqrt(eps): an empty batch counts for nothing.
            return self.loss_weight * loss * valid.any()
