"""Slow, independent formulas of the boxes that this package defines."""

import numpy as np


def silu(x):
    return x / (1 + np.exp(-x))


def rms_norm(x, weight, eps):
    return x / np.sqrt((x**2).mean() + eps) * weight


def reshape(x, p, scale):
    """RS pixel by pixel. x: (C,H,W); p: the module's parameters by name."""
    height, width = x.shape[1:]
    wide = p['project.bias'].shape[0]
    out = np.zeros((wide, height * scale, width * scale))
    for i in range(height):
        for j in range(width):
            v = rms_norm(
                x[:, i, j], p['norm.weight'], np.finfo(np.float32).eps
            )
            v = p['expand.weight'] @ v + p['expand.bias']
            for a in range(scale):
                for b in range(scale):
                    # PixelShuffle: channel c * r^2 + a * r + b of the input
                    # is channel c at (a, b) within the output's r x r cell.
                    cell = v[a * scale + b :: scale**2]
                    out[:, i * scale + a, j * scale + b] = (
                        p['project.weight'] @ silu(cell) + p['project.bias']
                    )
    return out


def post_feature_pyramid(maps, parameters, fuse, scales, fuse_scale):
    """PFP of maps whose sizes divide exactly."""
    pyramid = [
        reshape(x, p, s)
        for x, p, s in zip(maps, parameters, scales, strict=True)
    ]
    return reshape(np.concatenate(pyramid), fuse, fuse_scale)


def parameters_of(module):
    """A module's parameters by name, in double precision."""
    return {
        n: p.detach().double().numpy() for n, p in module.named_parameters()
    }
