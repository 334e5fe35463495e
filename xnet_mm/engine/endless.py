"""Loaders that never end, where something waits for their end."""

from mmengine.dataset import InfiniteSampler
from mmengine.runner import EpochBasedTrainLoop
from torch.utils.data import DataLoader


def is_endless(loader: DataLoader) -> bool:
    """Whether a loader's sampler starts again for ever.

    MMEngine's InfiniteSampler does, and so do those samplers of MMDetection
    that took over its `_infinite_indices`, as samplers of batches too.
    """
    samplers = [getattr(loader, n, None) for n in ('sampler', 'batch_sampler')]
    samplers.append(getattr(samplers[1], 'sampler', None))
    return any(
        isinstance(sampler, InfiniteSampler)
        or hasattr(sampler, '_infinite_indices')
        for sampler in samplers
    )


def check_epochs_end(loop: object, loader: DataLoader) -> None:
    """Refuse a training by epochs whose first epoch never ends.

    Raises:
        ValueError: with what to set.
    """
    if isinstance(loop, EpochBasedTrainLoop) and is_endless(loader):
        raise ValueError(
            f'train_cfg is {type(loop).__name__}, and the sampler of '
            'train_dataloader never ends: neither would the first epoch. Set '
            "train_dataloader.sampler=dict(type='DefaultSampler', "
            'shuffle=True), or train by iterations: train_cfg=dict('
            "type='IterBasedTrainLoop', max_iters=..., val_interval=...)."
        )


def check_evaluation_ends(loader: DataLoader, split: str) -> None:
    """Refuse to evaluate on a loader that never ends.

    Args:
        loader: of the split.
        split: `val` or `test`, for the error.

    Raises:
        ValueError: with what to set.
    """
    if is_endless(loader):
        raise ValueError(
            f'The sampler of {split}_dataloader never ends, and an evaluation '
            f'waits for its end. Set {split}_dataloader.sampler=dict('
            "type='DefaultSampler', shuffle=False)."
        )
