"""How good a model is: figures, calibration, robustness, where it looks."""
