"""Evaluation of a trained model: metrics, calibration, robustness, Grad-CAM."""
