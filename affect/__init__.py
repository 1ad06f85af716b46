"""Facial expressions, eight classes, live on a laptop's CPU; the notebooks and the webcam script share it."""

__version__ = "0.1.0.dev0"
