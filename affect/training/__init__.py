"""Fits one experiment: `python -m affect.training`."""
