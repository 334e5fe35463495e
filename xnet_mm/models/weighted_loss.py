"""Cross entropy with class weights, on any MMSegmentation."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
import yaml
from mmengine.fileio import get
from mmseg.models.losses import CrossEntropyLoss
from mmseg.models.losses.utils import weight_reduce_loss
from mmseg.registry import MODELS as MMSEG_MODELS
from torch import Tensor

from ..checks import is_finite_number
from ..registry import MODELS

READERS: dict[str, Callable[[bytes], Any]] = {
    '.npy': lambda data: np.load(io.BytesIO(data), allow_pickle=False),
    '.json': json.loads,
    '.yaml': yaml.safe_load,
    '.yml': yaml.safe_load,
}


@MODELS.register_module()
class WeightedCrossEntropyLoss(CrossEntropyLoss):
    """MMSegmentation's cross entropy, with class weights on every release.

    With class weights w, over the pixels i that are not ignored:
    loss_weight * sum(w[label_i] * CE_i) / sum(w[label_i]); 0 where all are
    ignored. These are the values of OneDL's MMSegmentation. OpenMMLab's
    1.2.2 looks up the weight of ignored pixels too, and ends with an
    IndexError at id 255. Computed in float32 under autocast.

    Without class weights, with `use_sigmoid` or `use_mask` it is
    MMSegmentation's own.

    Args:
        class_weight: a number for each class, or a file of them (.npy,
            .json, .yaml). Default: all classes count the same.
        **kwargs: those of MMSegmentation's `CrossEntropyLoss`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: weights that are none, or not one for each class (this
            at the first call).
    """

    def __init__(
        self, class_weight: Sequence[float] | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(class_weight=_read(class_weight), **kwargs)

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        ignore_index: int = -100,
        **kwargs: Any,
    ) -> Tensor:
        """Compare logits with labels.

        Args:
            cls_score: logits (B,K,H,W).
            label: class ids (B,H,W).
            weight: of each pixel, (B,H,W), from a head's sampler.
            avg_factor: divides the sum, instead of the weights' sum.
            reduction_override: instead of the loss's own reduction.
            ignore_index: the id of pixels that do not count.
            **kwargs: for MMSegmentation's own.

        Returns:
            The loss, of shape () or, with reduction 'none', (B,H,W).
        """
        if self.class_weight is None or self.use_sigmoid or self.use_mask:
            return super().forward(
                cls_score,
                label,
                weight,
                avg_factor,
                reduction_override,
                ignore_index,
                **kwargs,
            )
        if len(self.class_weight) != cls_score.shape[1]:
            raise ValueError(
                f'{type(self).__name__}: class_weight has '
                f'{len(self.class_weight)} numbers, the head '
                f'{cls_score.shape[1]} classes; wanted one for each class, or '
                'class_weight=None.'
            )
        reduction = reduction_override or self.reduction
        # Half precision adds up no hundred thousand pixels.
        with torch.autocast(cls_score.device.type, enabled=False):
            dtype = torch.promote_types(cls_score.dtype, torch.float32)
            weights = torch.tensor(
                self.class_weight, dtype=dtype, device=cls_score.device
            )
            loss = torch.nn.functional.cross_entropy(
                cls_score.to(dtype),
                label,
                weights,
                reduction='none',
                ignore_index=ignore_index,
            )
            if avg_factor is None and reduction == 'mean':
                # No boolean indexing: it would make a GPU wait for the count.
                ignored = label == ignore_index
                each = weights[label.masked_fill(ignored, 0)]
                avg_factor = each.masked_fill(ignored, 0).sum()
            if weight is not None:
                weight = weight.to(dtype)
            loss = weight_reduce_loss(loss, weight, reduction, avg_factor)
            return self.loss_weight * loss


def with_weighted_loss(loss: Any) -> Any:
    """A head's `loss_decode`, where ours stands in for MMSegmentation's.

    Args:
        loss: config of a loss, or a list of them. Only a softmax with class
            weights of MMSegmentation's own `CrossEntropyLoss` changes.
    """
    if isinstance(loss, list | tuple):
        return type(loss)(with_weighted_loss(one) for one in loss)
    if not isinstance(loss, Mapping) or loss.get('class_weight') is None:
        return loss
    kind = loss.get('type')
    found = MMSEG_MODELS.get(kind) if isinstance(kind, str) else kind
    if found is not CrossEntropyLoss:
        return loss
    return dict(loss, type=WeightedCrossEntropyLoss)


def _read(weights: Sequence[float] | str | None) -> list[float] | None:
    """The weights as numbers."""
    if weights is None:
        return None
    where = 'WeightedCrossEntropyLoss: class_weight'
    if isinstance(weights, str):
        where += f'={weights!r}'
        reader = READERS.get(PurePath(weights).suffix)
        if reader is None:
            raise ValueError(
                f'{where}; wanted a file that ends in {", ".join(READERS)}.'
            )
        data = get(weights)
        try:
            weights = reader(data)
        except (ValueError, EOFError, yaml.YAMLError) as error:
            raise ValueError(f'{where}: cannot be read ({error})') from None
    if isinstance(weights, np.ndarray):
        weights = weights.tolist()
    good = isinstance(weights, list | tuple) and all(
        is_finite_number(weight) and weight >= 0 for weight in weights
    )
    if not good or not any(weights or ()):
        raise ValueError(
            f'{where} is {weights!r:.80}; wanted a list of finite numbers of '
            'at least 0, one for each class, not all of them 0.'
        )
    return [float(weight) for weight in weights or ()]
