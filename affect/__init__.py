"""Facial expressions, eight classes, live on a laptop's CPU; the notebooks and the webcam script share it."""

import os

__version__ = "0.1.0"

# ONNX Runtime's packages send usage data to Microsoft (on Linux and macOS since 1.29) unless this is set before they
# are loaded. Nothing may leave the machine, so it is set before any module of this package can load them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
