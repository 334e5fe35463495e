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


def bilinear(x, scale):
    """Weighted mean of the four nearest centres, pixel by pixel. (C,H,W)."""

    def neighbours(index, length):
        centre = max((index + 0.5) / scale - 0.5, 0)
        low = int(centre)
        high = min(low + 1, length - 1)
        return (low, 1 - (centre - low)), (high, centre - low)

    channels, height, width = x.shape
    out = np.zeros((channels, height * scale, width * scale))
    for i in range(height * scale):
        for j in range(width * scale):
            for y, down in neighbours(i, height):
                for z, right in neighbours(j, width):
                    out[:, i, j] += down * right * x[:, y, z]
    return out


def smooth_reshape(x, p, scale):
    """RS with bilinear up-sampling, pixel by pixel. x: (C,H,W)."""
    eps = np.finfo(np.float32).eps

    def narrow(v):
        v = rms_norm(v, p['norm.weight'], eps)
        return p['expand.weight'] @ v + p['expand.bias']

    def last(v):
        return p['project.weight'] @ silu(v) + p['project.bias']

    large = bilinear(np.apply_along_axis(narrow, 0, x), scale)
    return np.apply_along_axis(last, 0, large)


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
