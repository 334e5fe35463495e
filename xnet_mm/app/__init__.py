"""A page of this machine where a model is tried by hand (tools/app.py)."""
