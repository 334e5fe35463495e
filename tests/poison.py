"""Hooks that make the numbers of a run bad, and a run that was spared them."""

import torch
from mmengine.hooks import Hook


class Poison(Hook):
    """Puts NaN into one pixel of a batch.

    Args:
        at: numbers of the iterations, from 0.
    """

    def __init__(self, at):
        self.at = at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter in self.at:
            image = data_batch['inputs'][0].float()
            image[0, 3, 4] = float('nan')
            data_batch['inputs'][0] = image


class LeaveOut(Poison):
    """What leaving iterations out means, by hand: the model is not run."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter in self.at:
            vars(runner.model)['train_step'] = self.nothing

    def nothing(self, data, optim_wrapper):
        optim_wrapper._inner_count += 1
        return dict(loss=torch.tensor(1.0))

    def after_train_iter(self, runner, *args, **kwargs):
        vars(runner.model).pop('train_step', None)
