"""Training of the experiments: `python -m affect.training`."""
