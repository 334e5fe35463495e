"""Predictions for plain images, and the files that they become."""
