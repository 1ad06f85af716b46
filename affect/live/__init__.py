"""Live analysis: from a camera frame to eight smoothed probabilities on the screen.

Nothing here imports training or data. PyTorch is imported only to make an export or for the torch backend.
"""
