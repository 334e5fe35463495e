"""Pictures: image | truth | prediction panels with a legend."""

from ..registry import VISUALIZERS, share_with_mmseg

share_with_mmseg(VISUALIZERS)
