import numpy as np
import pytest

from xnet_mm.visualization.mixed_feature import (
    FeaturePCA,
    channel_shares,
    largest_component,
)


def test_only_the_largest_component_is_kept():
    # Two columns: the first channel wins, then the third.
    mixed = np.array([[[3.0, -2.0]], [[1.0, -3.0]], [[0.0, -1.0]]])
    # Percentiles 1 and 99 of (3, -1) are -0.96 and 2.96: both clipped, to
    # full and to a quarter of 255.
    assert largest_component(mixed).tolist() == [[[255, 0, 0], [0, 0, 64]]]


def test_brightness_is_the_value():
    values = np.linspace(0, 1, 101)
    mixed = np.stack([values - 2, values, values - 3])[:, None]
    picture = largest_component(mixed)
    assert not picture[..., [0, 2]].any()
    share = np.clip((values - 0.01) / 0.98, 0, 1)
    wanted = np.rint(255 * (0.25 + 0.75 * share))
    np.testing.assert_array_equal(picture[0, :, 1], wanted)


def test_shares():
    mixed = np.zeros((3, 2, 4))
    mixed[1, 0] = 1  # four of the pixels
    mixed[2, 1, 0] = 1  # one
    assert channel_shares(mixed).tolist() == [3 / 8, 4 / 8, 1 / 8]


def test_pca_is_that_of_a_singular_value_decomposition():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 5, 6, 7)) * rng.uniform(
        0.1, 5, size=(1, 5, 1, 1)
    )
    pca = FeaturePCA(list(features))
    pixels = features.transpose(0, 2, 3, 1).reshape(-1, 5)
    centred = pixels - pixels.mean(axis=0)
    basis = np.linalg.svd(centred, full_matrices=False)[2][:3]
    for row in basis:
        row *= np.sign(row[np.abs(row).argmax()])
    projected = centred @ basis.T
    low, high = np.percentile(projected, [1, 99], axis=0)
    wanted = np.rint(255 * np.clip((projected - low) / (high - low), 0, 1))
    for feature, colours in zip(
        features, wanted.reshape(2, 6, 7, 3), strict=True
    ):
        np.testing.assert_allclose(pca(feature), colours, atol=1)


@pytest.mark.parametrize('value', [0.0, 2.5])
def test_a_constant_feature_is_grey(value):
    feature = np.full((4, 2, 3), value)
    assert (FeaturePCA([feature])(feature) == 128).all()
