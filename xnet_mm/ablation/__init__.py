"""Configs x seeds trained and compared: plan, runs, figures, a report."""
