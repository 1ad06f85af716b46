"""The analysis pipeline of a frame: face detection, tracking, classification and smoothing."""
