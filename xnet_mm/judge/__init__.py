"""Judges predictions of any program: files in, figures and a card out."""
