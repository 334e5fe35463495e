"""Transforms that keep image, depth and intrinsics in step."""

__all__ = []
