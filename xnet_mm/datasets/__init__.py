"""Data sets and transforms. Never imports `xnet_mm.models`."""

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)
