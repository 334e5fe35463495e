"""Hooks and launch helpers: what the stock tools lack."""

from ..registry import HOOKS, share_with_mmseg

share_with_mmseg(HOOKS)
