"""Pictures of the mixed feature, what the pre-trained decoder is given.

Numpy in, numpy out. Features are (C, h, w) floats.
"""

from collections.abc import Sequence

import numpy as np

DIMMEST = 0.25  # of full brightness: the channel of each pixel stays legible
PERCENTILES = (1, 99)


def largest_component(mixed: np.ndarray) -> np.ndarray:
    """Per pixel only the largest of three channels (paper, figure 4).

    Args:
        mixed: (3, h, w), the mixed feature of xNet-I.

    Returns:
        (h, w, 3) uint8 RGB: the first channel red, the second green, the
        third blue, the others 0. Brightness grows with the value, from a
        quarter at the 1st percentile of the picture to full at the 99th.
    """
    largest = mixed.max(axis=0)
    level = DIMMEST + (1 - DIMMEST) * _stretch(largest)
    kept = np.arange(3) == mixed.argmax(axis=0)[..., None]
    return np.rint(255 * level[..., None] * kept).astype(np.uint8)


def channel_shares(mixed: np.ndarray) -> np.ndarray:
    """Share of the pixels in which each channel of (C, h, w) is largest."""
    count = np.bincount(mixed.argmax(axis=0).ravel(), minlength=len(mixed))
    return count / count.sum()


class FeaturePCA:
    """Paints features by their first three principal components.

    One basis and one range for all pictures of a model, so that a colour
    means the same in each of them. The sign of a component, which PCA leaves
    open, makes its largest weight positive.

    Args:
        features: (C, h, w) each, C >= 3, to find the components in.
    """

    def __init__(self, features: Sequence[np.ndarray]) -> None:
        pixels = np.concatenate([f.reshape(len(f), -1) for f in features], 1)
        self.mean = pixels.mean(axis=1, keepdims=True)
        _, vectors = np.linalg.eigh(np.cov(pixels))
        components = vectors[:, :-4:-1].T  # (3, C), largest variance first
        rows = np.arange(3), np.abs(components).argmax(axis=1)
        self.components = components * np.sign(components[rows])[:, None]
        projected = self.components @ (pixels - self.mean)
        self.limits = np.percentile(projected, PERCENTILES, axis=1)

    def __call__(self, feature: np.ndarray) -> np.ndarray:
        """(C, h, w) -> (h, w, 3) uint8 RGB."""
        pixels = feature.reshape(len(feature), -1) - self.mean
        colours = [
            _stretch(values, limits)
            for values, limits in zip(
                self.components @ pixels, self.limits.T, strict=True
            )
        ]
        picture = np.stack(colours, axis=-1).reshape(*feature.shape[1:], 3)
        return np.rint(255 * picture).astype(np.uint8)


def _stretch(
    values: np.ndarray, limits: np.ndarray | None = None
) -> np.ndarray:
    """Values between the limits (default: percentiles) as 0 to 1."""
    low, high = (
        np.percentile(values, PERCENTILES) if limits is None else limits
    )
    if high <= low:
        return np.full(values.shape, 0.5)
    return np.clip((values - low) / (high - low), 0, 1)
