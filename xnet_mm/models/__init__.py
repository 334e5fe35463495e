"""The boxes of the figure, in the order of the data flow."""

from ..registry import MODELS, share_with_mmseg

share_with_mmseg(MODELS)
