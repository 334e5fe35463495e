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


def depthwise(x, weight):
    """3x3, zeros around. x: (C,H,W), weight: (C,1,3,3)."""
    channels, height, width = x.shape
    out = np.zeros(x.shape)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        if 0 <= i + di < height and 0 <= j + dj < width:
                            tap = weight[c, 0, di + 1, dj + 1]
                            out[c, i, j] += tap * x[c, i + di, j + dj]
    return out


def smooth_reshape(x, p, scale):
    """RS with smooth up-sampling, pixel by pixel. x: (C,H,W)."""
    eps = np.finfo(np.float32).eps

    def narrow(v):
        v = rms_norm(v, p['norm.weight'], eps)
        return p['expand.weight'] @ v + p['expand.bias']

    def last(v):
        return p['project.weight'] @ silu(v) + p['project.bias']

    small = depthwise(
        np.apply_along_axis(narrow, 0, x),
        p['upsample.0.weight'],
    )
    return np.apply_along_axis(last, 0, bilinear(small, scale))


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
