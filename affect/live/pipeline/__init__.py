"""A frame's way: search, tracking, classification, smoothing."""
